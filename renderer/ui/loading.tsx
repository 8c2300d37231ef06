import { Loader } from '@mantine/core';
import classes from './loading.module.css';

/** In place of a screen whose program is on its way; seen only where that takes a while. */
export function Loading() {
  return (
    <div className={classes['loading']}>
      <Loader aria-hidden />
    </div>
  );
}

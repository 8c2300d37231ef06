import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './broken.module.css';
import { FailureAlert } from './failure-alert.tsx';

interface BoundaryProps {
  readonly children: ReactNode;
}

/**
 * Keeps a screen that cannot be drawn from taking the rest of the window with it: React takes everything away that no
 * boundary holds. Whatever machines do goes on.
 */
export class Boundary extends Component<BoundaryProps, { readonly error: Error | undefined }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Broken error={error} />;
  }
}

function Broken({ error }: { readonly error: Error }) {
  const { t } = useTranslation();
  return (
    <main className={classes['broken']}>
      <FailureAlert
        subject={t('app.brokenScreen')}
        failure={{ code: 'internal', message: error.message, hint: 'please report this' }}
      />
      {/* What it was loaded with may be of another version than what answers now. */}
      <Button onClick={() => location.reload()}>{t('app.reload')}</Button>
    </main>
  );
}

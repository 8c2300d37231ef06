import { Paper, Text } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useRef, useState, type DragEvent, type ReactNode, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './image-drop.module.css';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');

/** A file of the host that is dropped anywhere on the manager is an image to make a machine of. */
export function ImageDrop({
  ref,
  onImage,
  children,
}: {
  readonly ref?: Ref<HTMLDivElement>;
  /** The first, and the names of those that were let go with it: each machine is asked about by itself. */
  readonly onImage: (image: File, others: readonly string[]) => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  // Children are entered and left as well: over is what was entered more often than left.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const count = (event: DragEvent, change: 1 | -1): void => {
    if (!hasFiles(event)) return;
    depth.current += change;
    setOver(depth.current > 0);
  };
  return (
    <div
      ref={ref}
      className={classes['area']}
      data-testid="image-drop"
      onDragEnter={(event) => count(event, 1)}
      onDragLeave={(event) => count(event, -1)}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        const [file, ...others] = event.dataTransfer.files;
        if (file)
          onImage(
            file,
            others.map(({ name }) => name),
          );
      }}
    >
      {children}
      {over && (
        <div className={classes['veil']}>
          <Paper p="xl" radius="lg" shadow="md" className={classes['invitation']}>
            <IconFileImport size={40} stroke={1.4} aria-hidden />
            <Text fw={600}>{t('machines.dropImage')}</Text>
          </Paper>
        </div>
      )}
    </div>
  );
}

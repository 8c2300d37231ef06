import { IconCamera } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Client } from '../../ipc/client.ts';
import { useApp } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import classes from './snapshots-pane.module.css';

/** A snapshot never changes, so neither does its picture. */
const known = new Map<string, Promise<string | null>>();

function pictureOf(client: Client, id: string): Promise<string | null> {
  const asked = known.get(id);
  if (asked) return asked;
  const picture = client.call('snapshots.picture', { id }).then((answer) => {
    if (!answer.ok) known.delete(id);
    return answer.ok ? answer.value.png : null;
  });
  known.set(id, picture);
  return picture;
}

/** The screen as it was. */
export function SnapshotPicture({
  snapshot,
  large = false,
}: {
  readonly snapshot: SnapshotInfo;
  readonly large?: boolean;
}) {
  const { client } = useApp();
  const [png, setPng] = useState<string | null>(null);
  const { id, hasPicture } = snapshot;
  useEffect(() => {
    let gone = false;
    if (hasPicture) void pictureOf(client, id).then((loaded) => gone || setPng(loaded));
    return () => {
      gone = true;
    };
  }, [client, id, hasPicture]);
  return (
    <span className={classes['picture']} data-large={large || undefined}>
      {png === null ? (
        <IconCamera size={22} stroke={1.4} aria-hidden />
      ) : (
        <img src={`data:image/png;base64,${png}`} alt="" />
      )}
    </span>
  );
}

import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import type { Client } from '../../ipc/client.ts';
import type { MediumKind } from '../media/use-media.ts';
import { contentsOf, type ImageContents } from './image-contents.ts';
import { guessKind } from './image-guess.ts';

/** What is in the chosen file, once it has been read; that counts for more than its name. */
export function useContents(file: File | null, onKind: (kind: MediumKind) => void): ImageContents | undefined {
  const [contents, setContents] = useState<ImageContents & { readonly file: File }>();
  const told = useRef(onKind);
  useEffect(() => {
    told.current = onKind;
  });
  useEffect(() => {
    if (!file) return;
    let wanted = true;
    contentsOf(file).then(
      (found) => {
        if (!wanted) return;
        setContents({ ...found, file });
        if (found.kind !== guessKind(file.name, file.size)) told.current(found.kind);
      },
      // What cannot be read is told of when it is to be sent.
      () => {},
    );
    return () => void (wanted = false);
  }, [file]);
  return contents?.file === file ? contents : undefined;
}

/** A path that is being typed is looked at when the typing rests, and its kind has been guessed. */
const REST_MS = 300;

/** Whether a PC would find something to start in the file of a path; undefined where that is not known. */
export function useBootable(client: Client, path: string, kind: MediumKind): boolean | undefined {
  const asked = `${kind} ${path.trim()}`;
  const [rested] = useDebouncedValue(asked, REST_MS);
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly bootable: boolean }>();
  useEffect(() => {
    if (path.trim() === '' || rested !== asked) return;
    let wanted = true;
    void client.call('media.check', { path: path.trim(), kind }).then((checked) => {
      if (wanted && checked.ok) setAnswer({ asked, bootable: checked.value.bootable });
    });
    return () => void (wanted = false);
  }, [client, path, kind, asked, rested]);
  return answer?.asked === asked ? answer.bootable : undefined;
}

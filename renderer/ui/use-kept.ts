import { useState } from 'react';

/** What is being typed over a value that is kept; another value, from another window, takes its place. */
export function useKept<T>(kept: T): [T, (typed: T) => void] {
  const [state, setState] = useState({ kept, typed: kept });
  if (state.kept !== kept) setState({ kept, typed: kept });
  return [state.typed, (typed) => setState({ kept, typed })];
}

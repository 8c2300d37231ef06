/**
 * Which characters of a text screen appeared since a mark. A pattern that answers an action must not be met by what
 * was on the screen before: the prompt that is typed at is not the prompt that follows. Rows are aligned with the
 * previous look, so that scrolled rows stay old; a row that only grew keeps its old part; any other change to a row
 * makes the whole row new.
 */
export class ScreenWatch {
  #screen: readonly string[] | undefined;
  #rows: readonly string[] = [];
  #text = '';
  /** Per row, per column: whether the character appeared since the mark. */
  #fresh: boolean[][] = [];

  /** Everything that is on the screen now counts as old. */
  mark(): void {
    this.#fresh = this.#rows.map((row) => new Array<boolean>(row.length).fill(false));
  }

  /** A look at the screen; undefined in graphics modes. Returns whether anything changed. */
  update(screen: readonly string[] | undefined): boolean {
    if (screen === this.#screen) return false;
    this.#screen = screen;
    const rows = (screen ?? []).map((row) => row.trimEnd());
    const text = rows.join('\n');
    if (text === this.#text && rows.length === this.#rows.length) return false;
    const shift = scrolledBy(this.#rows, rows);
    this.#fresh = rows.map((row, r) => {
      const before = shift === undefined ? undefined : this.#rows[r + shift];
      if (before === undefined || !row.startsWith(before)) return new Array<boolean>(row.length).fill(true);
      const flags = this.#fresh[r + shift!].slice(0, row.length);
      while (flags.length < row.length) flags.push(true);
      return flags;
    });
    this.#rows = rows;
    this.#text = text;
    return true;
  }

  /** Whether the pattern (with the flag g) matches somewhere with at least one fresh character. */
  matches(pattern: RegExp): boolean {
    const fresh: boolean[] = [];
    this.#fresh.forEach((row, r) => {
      if (r > 0) fresh.push(false); // the line feed between rows
      fresh.push(...row);
    });
    return [...this.#text.matchAll(pattern)].some((match) => {
      for (let at = match.index; at < match.index + match[0].length; at++) if (fresh[at]) return true;
      return false;
    });
  }
}

/**
 * How many rows `after` is scrolled up against `before`: the shift under which most rows are the same or only grew.
 * Undefined when fewer than half of the rows that should still be there are: then it is another screen.
 */
function scrolledBy(before: readonly string[], after: readonly string[]): number | undefined {
  let best: { shift: number; kept: number } | undefined;
  for (let shift = 0; shift < before.length; shift++) {
    let kept = 0;
    let expected = 0;
    for (let r = 0; r + shift < before.length; r++) {
      const old = before[r + shift];
      if (old === '') continue;
      expected++;
      if (after[r]?.startsWith(old)) kept++;
    }
    if (kept > 0 && kept * 2 >= expected && kept > (best?.kept ?? 0)) best = { shift, kept };
  }
  return best?.shift;
}

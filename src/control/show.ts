/** Values as a person reads them. */

const ESCAPE = '\u001b';
const COLOURS = { red: 31, yellow: 33, dim: 2, bold: 1 } as const;

/** Colours only for somebody who sees them (https://no-color.org). */
export function coloured(text: string, colour: keyof typeof COLOURS): string {
  const wanted = process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  return wanted ? `${ESCAPE}[${COLOURS[colour]}m${text}${ESCAPE}[0m` : text;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time in its two largest units: `3d 4h`, `12s`. */
export function duration(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([, unit]) => left >= unit);
  if (first < 0) return '0s';
  return UNITS.slice(first, first + 2)
    .map(([name, unit]) => {
      const count = Math.floor(left / unit);
      left -= count * unit;
      return count > 0 ? `${count}${name}` : '';
    })
    .join(' ')
    .trim();
}

/** Since a time; empty for none. */
export function ago(time: string | null): string {
  return time === null ? '' : duration((Date.now() - Date.parse(time)) / 1000);
}

export function megabytes(kb: number | null): string {
  return kb === null ? '' : (kb / 1024).toFixed(1);
}

/** Enough of an ident to be typed: what commands take is any beginning that no other has. */
export function shortIdent(ident: string): string {
  return /^(2\.)?[0-9a-f]{33,64}$/.test(ident) ? ident.slice(0, ident.startsWith('2.') ? 10 : 8) : ident;
}

/** A control character could make another line, or do something to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

export interface Column<T> {
  readonly title: string;
  readonly right?: boolean;
  cell(row: T): string;
}

/** Rows under their titles; `paint`: what is done to a line when it is as wide as it has to be. The last column is as wide as its cells are. */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  paint: (line: string, row: T) => string,
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (words: readonly string[]) =>
    words
      .map((word, at) => (columns[at]?.right ? word.padStart(widths[at] as number) : word.padEnd(widths[at] as number)))
      .join('  ')
      .trimEnd();
  const head = coloured(line(columns.map(({ title }) => title)), 'bold');
  const body = cells.map((row, at) => paint(line(row), rows[at] as T));
  return `${[head, ...body].join('\n')}\n`;
}

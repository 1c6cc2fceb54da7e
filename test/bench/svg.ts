/** A chart of medians as an SVG: a bar for each, on a logarithmic scale, since the fastest and the slowest differ a thousandfold. */

export interface Bar {
  readonly title: string;
  /** Nanoseconds. */
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly ours: boolean;
}

const WIDTH = 800;
const LEFT = 250;
const RIGHT = 70;
const ROW = 26;
const TOP = 44;
const BAR = 16;

/** Colours that can be read on both of a page's backgrounds. */
const STYLE = `text { font: 13px system-ui, sans-serif; fill: #24292f } .quiet { fill: #6e7781 } line { stroke: #d0d7de } .spread { stroke: #24292f; stroke-width: 1.5 }
.ours { fill: #1a7f37 } .theirs { fill: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .quiet { fill: #8d96a0 } line { stroke: #30363d } .spread { stroke: #e6edf3 } .ours { fill: #3fb950 } .theirs { fill: #6e7681 } }`;

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character] as string);
const place = (value: number) => value.toFixed(1);

/** Powers of ten, in milliseconds, between which all values lie. */
export function decades(bars: readonly Bar[]): number[] {
  const lowest = Math.floor(Math.log10(Math.min(...bars.map(({ p10 }) => p10)) / 1e6));
  const highest = Math.ceil(Math.log10(Math.max(...bars.map(({ p90 }) => p90)) / 1e6));
  return Array.from({ length: Math.max(highest - lowest, 1) + 1 }, (_, at) => lowest + at);
}

export function chart(title: string, bars: readonly Bar[], label: (ns: number) => string): string {
  if (bars.length === 0) throw new RangeError('no bars');
  const exponents = decades(bars);
  const [lowest, highest] = [exponents[0] as number, exponents.at(-1) as number];
  const x = (ns: number) => LEFT + ((Math.log10(ns / 1e6) - lowest) / (highest - lowest)) * (WIDTH - LEFT - RIGHT);
  const height = TOP + bars.length * ROW + 30;
  const bottom = TOP + bars.length * ROW;
  const grid = exponents.map((exponent) => {
    const at = place(x(10 ** exponent * 1e6));
    const text = `${Number(`1e${exponent}`)} ms`;
    return `<line x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${bottom}"/><text class="quiet" x="${at}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
  });
  const rows = bars.map((bar, index) => {
    const top = TOP + index * ROW + (ROW - BAR) / 2;
    const middle = top + BAR / 2;
    const text = top + BAR - 4;
    return [
      `<text x="${LEFT - 10}" y="${text}" text-anchor="end">${escaped(bar.title)}</text>`,
      `<rect class="${bar.ours ? 'ours' : 'theirs'}" x="${LEFT}" y="${top}" width="${place(x(bar.median) - LEFT)}" height="${BAR}" rx="2"/>`,
      `<line class="spread" x1="${place(x(bar.p10))}" x2="${place(x(bar.p90))}" y1="${middle}" y2="${middle}"/>`,
      `<text class="quiet" x="${place(x(Math.max(bar.p90, bar.median)) + 6)}" y="${text}">${escaped(label(bar.median))}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    `<text x="${LEFT}" y="22">${escaped(title)}</text>`,
    ...grid,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** From outlines to what is printed. */

export function asJson(outlines) {
  return `${JSON.stringify(outlines, null, 2)}\n`;
}

/** A heading per file, then its items: line number, and the declaration indented by its depth. */
export function asText(outlines) {
  return outlines.map(({ file, outline }) => `${file}\n${lines(outline, numberWidth(outline))}`).join('\n');
}

function lines(items, width, depth = 0) {
  return items
    .map((item) => {
      const line = String(item.line).padStart(width);
      return `${line}  ${'  '.repeat(depth)}${declaration(item)}\n${lines(item.members ?? [], width, depth + 1)}`;
    })
    .join('');
}

function declaration({ kind, name, exported, parameters }) {
  const list = parameters ? `(${parameters.join(', ')})` : '';
  if (kind === 'export') return `export ${name}`;
  const word = kind === 'method' || kind === 'constructor' ? '' : `${kind} `;
  return `${exported ? 'export ' : ''}${word}${name}${list}`;
}

/** Wide enough for the largest line number of the file, at any depth. */
function numberWidth(items) {
  return items.reduce((width, item) => Math.max(width, String(item.line).length, numberWidth(item.members ?? [])), 3);
}

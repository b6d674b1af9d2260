import { openable } from './canvas';

/** A stretch of a text component: plain, bold, or a link (which may be bold). */
export interface Run {
  text: string;
  bold: boolean;
  href?: string;
}

const bold = /\*\*(?=\S)(.+?)(?<=\S)\*\*/gs;
const link = /\[([^\][]+)\]\(([^()\s]+)\)/g;

/**
 * Splits a text into runs. Intercom knows two constructs, `**bold**` and
 * `[label](address)`; all else stays as written. A link that may not be opened
 * stays as written too.
 */
export function parse(text: string): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const match of text.matchAll(bold)) {
    runs.push(...links(text.slice(end, match.index), false), ...links(match[1] ?? '', true));
    end = match.index + match[0].length;
  }
  runs.push(...links(text.slice(end), false));
  return runs;
}

function links(text: string, isBold: boolean): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    const href = openable(match[2]);
    if (!href) {
      continue;
    }
    if (match.index > end) {
      runs.push({ text: text.slice(end, match.index), bold: isBold });
    }
    const label = match[1] ?? '';
    const inner = /^\*\*(.+)\*\*$/s.exec(label);
    runs.push({ text: inner?.[1] ?? label, bold: isBold || inner !== null, href });
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    runs.push({ text: text.slice(end), bold: isBold });
  }
  return runs;
}

import { openable } from './canvas';

/** A stretch of a text component: plain, bold, or a link (which may be bold). */
export interface Run {
  text: string;
  bold: boolean;
  href?: string;
}

/** Bold (group 1) or a link (groups 2 and 3), whichever begins first. */
const construct = /\*\*(?=\S)(.+?)(?<=\S)\*\*|\[([^\][]+)\]\(([^()\s]+)\)/gs;

/**
 * Splits a text into runs. Intercom knows two constructs, `**bold**` and
 * `[label](address)`; all else stays as written. A link that may not be opened
 * stays as written too.
 */
export function parse(text: string): Run[] {
  return runsOf(text, { bold: false });
}

function runsOf(text: string, style: Omit<Run, 'text'>): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const match of text.matchAll(construct)) {
    const [whole, strong, label = '', address] = match;
    const href = openable(address);
    if (strong === undefined && (!href || style.href)) {
      continue;
    }
    if (match.index > end) {
      runs.push({ ...style, text: text.slice(end, match.index) });
    }
    runs.push(...(href ? runsOf(label, { ...style, href }) : runsOf(strong ?? '', { ...style, bold: true })));
    end = match.index + whole.length;
  }
  if (end < text.length) {
    runs.push({ ...style, text: text.slice(end) });
  }
  return runs;
}

import { Anchor } from '@mantine/core';
import { openable } from '../card/canvas';
import { Html } from '../ui/Html';
import { When } from '../ui/time';
import type { Attachment, Part } from './api';
import classes from './Simulator.module.css';

/** The part types that are said by somebody; all others are changes of state. */
const said = new Set(['comment', 'note', 'source', 'conversation']);

const changes: Record<string, string> = {
  close: 'closed the conversation',
  open: 'reopened the conversation',
  assignment: 'assigned the conversation',
  assign: 'assigned the conversation',
  snoozed: 'snoozed the conversation',
};

/** One part: a speech bubble, a note, or a line that tells a change of state. */
export function PartView({ part, onRedact }: { part: Part; onRedact: () => void }) {
  const who = part.author.name || part.author.email || part.author.type;
  const kind = part.part_type === 'note' ? 'note' : isCustomer(part) ? 'customer' : 'agent';
  const hasBody = Boolean(part.body) || (part.attachments?.length ?? 0) > 0;
  if (!said.has(part.part_type) && !hasBody) {
    return (
      <p className={classes.change}>
        {who} {changes[part.part_type] ?? part.part_type.replaceAll('_', ' ')} · <When at={part.created_at} />
      </p>
    );
  }
  return (
    <article className={classes.part} data-kind={kind} aria-label={`${labels[kind]} by ${who}`}>
      <header>
        <strong>{who}</strong>
        <span className={classes.quiet}>
          {labels[kind]}
          {said.has(part.part_type) ? '' : `, ${changes[part.part_type] ?? part.part_type}`} ·{' '}
          <When at={part.created_at} />
        </span>
      </header>
      {part.redacted ? <em>This part was redacted.</em> : <Html html={part.body ?? ''} />}
      {part.redacted ? null : <Attachments of={part.attachments} />}
      {part.redacted ? null : (
        <button type="button" className={classes.redact} onClick={onRedact} aria-label={`Redact what ${who} said`}>
          Redact
        </button>
      )}
    </article>
  );
}

const labels = { note: 'Note', customer: 'Customer', agent: 'Reply' };

function isCustomer(part: Part): boolean {
  return ['user', 'lead', 'contact', 'visitor'].includes(part.author.type);
}

function Attachments({ of }: { of: Attachment[] | null | undefined }) {
  if (!of?.length) {
    return null;
  }
  return (
    <ul className={classes.files}>
      {of.map(file => (
        <li key={file.url + file.name}>
          <Anchor
            href={openable(new URL(file.url, window.location.href).href)}
            target="_blank"
            rel="noopener noreferrer"
            size="sm"
          >
            {file.name}
          </Anchor>
        </li>
      ))}
    </ul>
  );
}

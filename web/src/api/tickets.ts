import type { Listing } from './console';
import { send } from './http';

const base = '/api/v1/tickets';

export const statuses = ['new', 'assigned', 'pending', 'resolved', 'closed', 'rejected'] as const;
export type Status = (typeof statuses)[number];
export const classes = ['UserRequest', 'Incident'] as const;
export const logs = ['public', 'private'] as const;
export type LogName = (typeof logs)[number];

/** A ticket, in iTop's words. */
export interface Ticket {
  id: number;
  class: string;
  ref: string;
  title: string;
  /** HTML: sanitise before it is shown. */
  description?: string;
  status: Status;
  urgency: number;
  impact: number;
  priority: number;
  origin: string;
  org_name?: string;
  caller_name?: string;
  agent_name?: string;
  team_name?: string;
  service_name?: string;
  servicesubcategory_name?: string;
  intercom_ref?: string;
  intercom_url?: string;
  intercom_sync_activated?: boolean;
  solution?: string;
  pending_reason?: string;
  start_date: string;
  last_update: string;
  version: number;
  team_id: number;
  agent_id: number;
}

/** Something that the caller may do with a ticket now. */
export interface Stimulus {
  stimulus: string;
  label: string;
  to: Status;
}

/** Somebody or some team that a ticket can be given to. */
export interface Team {
  id: number;
  name: string;
}

export interface Member {
  person_id: number;
  person_name: string;
}

/** One line of a log. */
export interface Entry {
  id: number;
  log: LogName;
  at: string;
  author: string;
  /** HTML: sanitise before it is shown. */
  html: string;
  /** The sentence to show above an entry that came from a conversation. */
  disclaimer?: string;
}

export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  log?: LogName;
  author?: string;
  created_at: string;
}

export interface TicketFilter {
  /** A ref, or words of title, description and logs. */
  q?: string;
  status?: string;
  class?: string;
  limit: number;
  /** How many to pass over: the desk's cursors are numbers. */
  cursor?: number | undefined;
}

const one = (id: string) => `${base}/${encodeURIComponent(id)}`;

export const tickets = {
  list: (filter: TicketFilter) => send<Listing<Ticket>>(base, { query: { ...filter } }),
  show: (id: string) => send<Ticket>(one(id)),
  entries: (id: string) => send<Listing<Entry>>(`${one(id)}/entries`),
  append: (id: string, log: LogName, text: string) =>
    send<unknown>(`${one(id)}/entries`, { method: 'POST', body: { log, html: htmlOf(text) } }),
  stimuli: (id: string) => send<Listing<Stimulus>>(`${one(id)}/stimuli`),
  apply: (id: string, stimulus: string, fields: Record<string, unknown>) =>
    send<Ticket>(`${one(id)}/stimuli/${encodeURIComponent(stimulus)}`, { method: 'POST', body: fields }),
  teams: () => send<Listing<Team>>('/api/v1/teams', { query: { limit: 200 } }),
  members: (team: number) => send<Listing<Member>>(`/api/v1/teams/${team}/members`, { query: { limit: 200 } }),
  attachments: (id: string) => send<Listing<Attachment>>(`${one(id)}/attachments`),
  attach: (id: string, file: File, log: LogName) => {
    const form = new FormData();
    form.set('log', log);
    form.set('file', file);
    return send<unknown>(`${one(id)}/attachments`, { method: 'POST', body: form });
  },
  fileAddress: (file: string) => `/api/v1/attachments/${encodeURIComponent(file)}`,
};

/** Plain text as HTML: escaped, with its paragraphs and line breaks. */
export function htmlOf(text: string): string {
  const escaped = text.trim().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped
    .split(/\n{2,}/)
    .map(paragraph => `<p>${paragraph.replaceAll('\n', '<br>')}</p>`)
    .join('');
}

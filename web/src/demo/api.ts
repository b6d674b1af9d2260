import { send } from '../api/http';
import type { Canvas, Submission } from '../card/canvas';

/** The simulator's own interface; see the package that plays Intercom. */
const base = '/demo/api';

export interface Contact {
  id: string;
  name: string;
  email: string;
  role?: string;
  custom_attributes?: Record<string, unknown>;
}

export interface Admin {
  id: string;
  name: string;
  email: string;
}

export interface ConversationLine {
  id: string;
  contact_id: string;
  state: string;
  title?: string | null;
  updated_at: number;
}

export interface State {
  workspace_id: string;
  contacts: Contact[] | null;
  admins: Admin[] | null;
  conversations: ConversationLine[] | null;
}

export interface Attachment {
  name: string;
  url: string;
  content_type?: string;
}

export interface Part {
  id: string;
  part_type: string;
  /** HTML from strangers: sanitise before it is shown. */
  body: string | null;
  created_at: number;
  author: { type: string; id: string; name: string; email?: string };
  attachments?: Attachment[] | null;
  redacted?: boolean;
}

export interface Conversation {
  id: string;
  state: string;
  contact: Contact;
  assignee?: Admin | null;
  parts: Part[] | null;
}

export interface NewPart {
  as: 'contact' | 'admin';
  admin_id?: string | undefined;
  type: 'comment' | 'note' | 'close' | 'open' | 'assign';
  body?: string;
}

/** What the app answered to Intercom, and how long it took. */
export interface CanvasAnswer {
  status: number;
  ms: number;
  canvas: Canvas | null;
  error?: string;
}

export interface Delivery {
  id: string;
  topic: string;
  conversation_id?: string;
  status: number | string;
  attempts: number;
  ms: number;
  error?: string;
  sent_at: string | number;
}

export interface CanvasRequest extends Partial<Submission> {
  conversation_id: string;
  admin_id: string;
  current_canvas?: Canvas | undefined;
}

const at = (conversation: string) => `${base}/conversations/${encodeURIComponent(conversation)}`;

export const demo = {
  events: `${base}/events`,
  state: () => send<State>(`${base}/state`),
  addContact: (body: { name: string; email: string }) => send<Contact>(`${base}/contacts`, { method: 'POST', body }),
  start: (body: { contact_id: string; body: string }) =>
    send<{ id: string }>(`${base}/conversations`, { method: 'POST', body }),
  conversation: (id: string) => send<Conversation>(at(id)),
  add: (id: string, body: NewPart) => send<unknown>(`${at(id)}/parts`, { method: 'POST', body }),
  redact: (id: string, part: string) =>
    send<unknown>(`${at(id)}/parts/${encodeURIComponent(part)}/redact`, { method: 'POST', body: {} }),
  canvas: (body: CanvasRequest, signal: AbortSignal) =>
    send<CanvasAnswer>(`${base}/canvas`, { method: 'POST', body, signal }),
  deliveries: () => send<Delivery[] | { items: Delivery[] }>(`${base}/deliveries`),
};

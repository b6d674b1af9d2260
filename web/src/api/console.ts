import type { Canvas } from '../card/canvas';
import { send } from './http';

/** The product's own interface; /api/docs describes it. */
const base = '/api/v1';
const id = (x: string | number) => encodeURIComponent(String(x));

/** A page of anything. */
export interface Listing<T> {
  items: T[] | null;
  total?: number;
  next?: string;
}

export const roles = ['administrator', 'dispatcher', 'supporter', 'portal'] as const;
export type Role = (typeof roles)[number];
export type Scope = 'read' | 'write';

export interface Principal {
  user_id: number;
  desk_id: number;
  email: string;
  name: string;
  role: Role;
  profiles: string[];
}

export interface User {
  id: number;
  email: string;
  name: string;
  role: Role;
  person_id: number;
  profiles: string[];
  disabled: boolean;
  has_password: boolean;
  created_at: string;
  updated_at: string;
  signed_in_at?: string;
}

export interface NewUser {
  email: string;
  name: string;
  role: Role;
  password?: string;
  profiles?: string[];
}

export interface UserChange {
  email?: string;
  name?: string;
  role?: Role;
  profiles?: string[];
  disabled?: boolean;
}

export interface APIKey {
  id: number;
  name: string;
  prefix: string;
  role: Role;
  scope: Scope;
  created_by: string;
  created_at: string;
  last_used_at?: string;
  revoked_at?: string;
}

export interface Change {
  id: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  old?: unknown;
  new?: unknown;
  address: string;
}

export interface WorkspaceLine {
  slug: string;
  name: string;
  channel: string;
  desk: string;
  app_ids?: string[] | null;
  /** Why it cannot be used; absent when it can. */
  problem?: string;
  counts: Tally;
  updated_at: string;
}

/** How many links there are, and rows of the ledger in each state. */
export interface Tally {
  links: number;
  pending: number;
  done: number;
  failed: number;
  skipped: number;
}

export interface Workspace extends WorkspaceLine {
  yaml: string;
  /** What to paste into Intercom, by name; a desk may add its own. */
  endpoints: Record<string, string>;
}

/** One answer of the connection test. */
export interface Finding {
  ok: boolean;
  subject: string;
  text: string;
  fatal: boolean;
}

export const cardNames = ['home', 'linked', 'ongoing', 'search', 'view', 'create'] as const;
export type CardName = (typeof cardNames)[number];

export const ledgerStatuses = ['pending', 'done', 'failed', 'skipped'] as const;
export type LedgerStatus = (typeof ledgerStatuses)[number];

/** One part or entry that must be mirrored across a link. */
export interface LedgerRow {
  id: number;
  direction: 'in' | 'out';
  status: LedgerStatus;
  /** Why it was skipped. */
  reason?: string;
  log: 'public' | 'private';
  conversation_id: string;
  ticket_ref: string;
  ticket_key: string;
  author: string;
  excerpt: string;
  attempts: number;
  error?: string;
  remote_id?: string;
  said_at: string;
  created_at: string;
  updated_at: string;
}

export interface LedgerFilter {
  status?: string | undefined;
  direction?: string | undefined;
  conversation?: string | undefined;
  ticket?: string | undefined;
}

type Cursor = string | undefined;
const workspace = (slug: string) => `${base}/workspaces/${id(slug)}`;

export const session = {
  show: () => send<Principal>(`${base}/session`),
  signIn: (body: { email: string; password: string }) => send<Principal>(`${base}/session`, { method: 'POST', body }),
  signOut: () => send<void>(`${base}/session`, { method: 'DELETE' }),
  changePassword: (body: { current: string; password: string }) =>
    send<void>(`${base}/session/password`, { method: 'POST', body }),
  setUp: (body: { token: string; email: string; name: string; password: string }) =>
    send<User>(`${base}/setup`, { method: 'POST', body }),
  setUpOpen: () => send<{ open: boolean }>(`${base}/setup`),
};

export const users = {
  list: (cursor: Cursor, search: string) =>
    send<Listing<User>>(`${base}/users`, { query: { cursor, search, limit: 50 } }),
  create: (body: NewUser) => send<User>(`${base}/users`, { method: 'POST', body }),
  update: (user: number, body: UserChange) => send<User>(`${base}/users/${user}`, { method: 'PATCH', body }),
  setPassword: (user: number, password: string) =>
    send<void>(`${base}/users/${user}/password`, { method: 'PUT', body: { password } }),
};

export const apiKeys = {
  list: (cursor: Cursor) => send<Listing<APIKey>>(`${base}/api-keys`, { query: { cursor, limit: 50 } }),
  create: (body: { name: string; role: Role; scope: Scope }) =>
    send<APIKey & { token: string }>(`${base}/api-keys`, { method: 'POST', body }),
  revoke: (key: number) => send<void>(`${base}/api-keys/${key}`, { method: 'DELETE' }),
};

export const audit = {
  list: (cursor: Cursor, filter: { subject?: string; actor?: string; action?: string }) =>
    send<Listing<Change>>(`${base}/audit`, { query: { ...filter, cursor, limit: 50 } }),
};

export const workspaces = {
  list: () => send<Listing<WorkspaceLine>>(`${base}/workspaces`),
  show: (slug: string) => send<Workspace>(workspace(slug)),
  save: (slug: string, yaml: string, dryRun: boolean) =>
    send<Workspace>(workspace(slug), {
      method: 'PUT',
      query: { dry_run: dryRun ? true : undefined },
      body: { yaml },
    }),
  test: (slug: string) => send<{ findings: Finding[] | null }>(`${workspace(slug)}/test`, { method: 'POST', body: {} }),
  preview: (slug: string, card: CardName, email: string) =>
    send<{ canvas: Canvas }>(`${workspace(slug)}/preview`, { query: { card, email } }),
};

export const ledger = {
  list: (slug: string, cursor: Cursor, filter: LedgerFilter) =>
    send<Listing<LedgerRow>>(`${workspace(slug)}/ledger`, { query: { ...filter, cursor, limit: 50 } }),
  retry: (slug: string, row: number) =>
    send<unknown>(`${workspace(slug)}/ledger/${row}/retry`, { method: 'POST', body: {} }),
  retryFailed: (slug: string) =>
    send<{ retried: number }>(`${workspace(slug)}/ledger/retry-failed`, { method: 'POST', body: {} }),
};

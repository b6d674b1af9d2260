import { Badge } from '@mantine/core';
import type { Status } from '../../api/tickets';

const colors: Record<Status, string> = {
  new: 'blue',
  assigned: 'indigo',
  pending: 'orange',
  resolved: 'teal',
  closed: 'gray',
  rejected: 'red',
};

/** The state of a ticket. */
export function StatusBadge({ status }: { status: Status }) {
  return (
    <Badge variant="light" color={colors[status] ?? 'gray'}>
      {status}
    </Badge>
  );
}

export const levels: Record<number, string> = { 1: 'critical', 2: 'high', 3: 'medium', 4: 'low' };
export const impacts: Record<number, string> = { 1: 'a department', 2: 'a service', 3: 'a person' };

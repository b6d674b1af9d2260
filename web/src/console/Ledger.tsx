import { Badge, Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { type LedgerRow, ledger, ledgerStatuses, workspaces } from '../api/console';
import { Fault } from '../ui/Fault';
import { Head } from '../ui/Head';
import { Pages, usePages } from '../ui/Listing';
import { When } from '../ui/time';

const colors = { pending: 'blue', done: 'teal', failed: 'red', skipped: 'gray' };

/** What was mirrored between conversations and tickets, what waits, and what failed. */
export function Ledger() {
  const [search, setSearch] = useSearchParams();
  const list = useQuery({ queryKey: ['workspaces'], queryFn: workspaces.list });
  const slugs = list.data?.items ?? [];
  const slug = search.get('workspace') || slugs[0]?.slug || '';
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) {
      next.set(name, value);
    } else {
      next.delete(name);
    }
    setSearch(next, { replace: true });
  };
  const field = (name: string) => ({
    size: 'sm' as const,
    value: search.get(name) ?? '',
    onChange: (e: { target: { value: string } }) => set(name, e.target.value),
  });
  return (
    <>
      <Head title="Ledger" />
      <Fault error={list.error} onRetry={() => void list.refetch()} />
      <Group align="flex-end" gap="sm" mb="md">
        <NativeSelect
          label="Workspace"
          {...field('workspace')}
          value={slug}
          data={slugs.map(w => ({ value: w.slug, label: w.name || w.slug }))}
        />
        <NativeSelect label="Status" {...field('status')} data={[{ value: '', label: 'All' }, ...ledgerStatuses]} />
        <NativeSelect
          label="Direction"
          {...field('direction')}
          data={[
            { value: '', label: 'Both' },
            { value: 'in', label: 'To the ticket' },
            { value: 'out', label: 'To the conversation' },
          ]}
        />
        <TextInput label="Conversation" {...field('conversation')} />
        <TextInput label="Ticket" placeholder="R-000001" {...field('ticket')} />
      </Group>
      {list.isSuccess && !slug ? <Text c="dimmed">There is no workspace yet.</Text> : null}
      {slug ? <Rows slug={slug} search={search} /> : null}
    </>
  );
}

function Rows({ slug, search }: { slug: string; search: URLSearchParams }) {
  const client = useQueryClient();
  const filter = {
    status: search.get('status') ?? undefined,
    direction: search.get('direction') ?? undefined,
    conversation: search.get('conversation') ?? undefined,
    ticket: search.get('ticket') ?? undefined,
  };
  const pages = usePages(['ledger', slug, filter], cursor => ledger.list(slug, cursor, filter));
  const refresh = () => client.invalidateQueries({ queryKey: ['ledger', slug] });
  const retry = useMutation({ mutationFn: (row: number) => ledger.retry(slug, row), onSuccess: refresh });
  const all = useMutation({ mutationFn: () => ledger.retryFailed(slug), onSuccess: refresh });
  return (
    <>
      <Group mb="sm" gap="sm">
        <Button size="xs" variant="default" loading={all.isPending} onClick={() => all.mutate()}>
          Retry all failed
        </Button>
        <Button size="xs" variant="default" onClick={() => void refresh()}>
          Refresh
        </Button>
        {all.data ? (
          <Text size="sm" role="status">
            {all.data.retried === 1 ? 'One row is tried again.' : `${all.data.retried} rows are tried again.`}
          </Text>
        ) : null}
      </Group>
      <Fault error={retry.error ?? all.error} />
      <Pages
        pages={pages}
        label="Ledger"
        columns={['When', 'Way', 'Said by', 'Text', 'Conversation', 'Ticket', 'Status', '']}
        empty="No row fits. Say something in a linked conversation, or change the filter."
        row={row => <Row key={row.id} row={row} busy={retry.isPending} onRetry={() => retry.mutate(row.id)} />}
      />
    </>
  );
}

function Row({ row, busy, onRetry }: { row: LedgerRow; busy: boolean; onRetry: () => void }) {
  return (
    <Table.Tr>
      <Table.Td>
        <When at={row.said_at || row.created_at} />
      </Table.Td>
      <Table.Td>
        {row.direction === 'in' ? 'To the ticket' : 'To the conversation'}
        <Text size="xs" c="dimmed">
          {row.log}
        </Text>
      </Table.Td>
      <Table.Td>{row.author}</Table.Td>
      <Table.Td>
        {row.excerpt}
        {row.reason ? (
          <Text size="sm" c="dimmed">
            {row.reason}
          </Text>
        ) : null}
        {row.error ? (
          <Text size="sm" c="var(--mantine-color-error)">
            {row.error}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td className="nowrap">{row.conversation_id}</Table.Td>
      <Table.Td className="nowrap">{row.ticket_ref}</Table.Td>
      <Table.Td>
        <Badge color={colors[row.status] ?? 'gray'} variant="light">
          {row.status}
        </Badge>
        {row.attempts > 1 ? (
          <Text size="xs" c="dimmed">
            {row.attempts} attempts
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>
        {row.status === 'failed' ? (
          <Button
            size="compact-xs"
            variant="default"
            disabled={busy}
            onClick={onRetry}
            aria-label={`Retry row ${row.id}`}
          >
            Retry
          </Button>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

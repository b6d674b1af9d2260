import { Anchor, Button, Group, NativeSelect, Pagination, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { classes, statuses, type Ticket, tickets } from '../../api/tickets';
import { Fault } from '../../ui/Fault';
import { Head } from '../../ui/Head';
import { Grid } from '../../ui/Listing';
import { When } from '../../ui/time';
import { levels, StatusBadge } from './words';

const pageSize = 20;

/** The tickets that the caller may see, with search, filter and pages in the address. */
export function Tickets() {
  const [search, setSearch] = useSearchParams();
  const page = Math.max(1, Number(search.get('page')) || 1);
  const offset = (page - 1) * pageSize;
  const filter = {
    q: search.get('words') ?? '',
    status: search.get('status') ?? '',
    class: search.get('class') ?? '',
    cursor: offset || undefined,
    limit: pageSize,
  };
  const query = useQuery({
    queryKey: ['tickets', filter],
    queryFn: () => tickets.list(filter),
    placeholderData: keepPreviousData,
  });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.delete('page');
    if (value) {
      next.set(name, value);
    } else {
      next.delete(name);
    }
    setSearch(next);
  };
  const items = query.data?.items ?? [];
  const total = query.data?.total ?? items.length;
  return (
    <>
      <Head title="Tickets" />
      <Group align="flex-end" gap="sm" mb="md">
        <Words key={filter.q} words={filter.q} onSearch={words => set('words', words)} />
        <NativeSelect
          label="Status"
          value={filter.status}
          onChange={e => set('status', e.target.value)}
          data={[{ value: '', label: 'All' }, ...statuses]}
        />
        <NativeSelect
          label="Class"
          value={filter.class}
          onChange={e => set('class', e.target.value)}
          data={[{ value: '', label: 'All' }, ...classes]}
        />
      </Group>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && !query.error ? <Skeleton height={240} aria-label="Loading" /> : null}
      {query.isSuccess && items.length === 0 ? (
        <Text c="dimmed">No ticket fits. Change the search or the filter.</Text>
      ) : null}
      {items.length > 0 ? (
        <Grid label="Tickets" columns={['Ticket', 'Status', 'Priority', 'Caller', 'Agent', 'Updated']}>
          {items.map(ticket => (
            <Row key={ticket.id} ticket={ticket} />
          ))}
        </Grid>
      ) : null}
      {items.length > 0 ? (
        <Group justify="space-between" mt="sm">
          <Text size="sm" c="dimmed" role="status">
            {offset + 1} to {offset + items.length} of {total}
          </Text>
          <Pagination
            total={Math.ceil(total / pageSize)}
            value={page}
            onChange={next => {
              const params = new URLSearchParams(search);
              params.set('page', String(next));
              setSearch(params);
            }}
            size="sm"
            getControlProps={control => ({ 'aria-label': `${control} page` })}
            getItemProps={n => ({ 'aria-label': `Page ${n}` })}
          />
        </Group>
      ) : null}
    </>
  );
}

function Words({ words, onSearch }: { words: string; onSearch: (words: string) => void }) {
  const [text, setText] = useState(words);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          label="Search"
          type="search"
          placeholder="Reference or words"
          value={text}
          onChange={e => setText(e.target.value)}
        />
        <Button type="submit" variant="default">
          Search
        </Button>
      </Group>
    </form>
  );
}

function Row({ ticket }: { ticket: Ticket }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/tickets/${ticket.id}`} fw={600}>
          {ticket.ref}
        </Anchor>
        <Text size="sm">{ticket.title}</Text>
      </Table.Td>
      <Table.Td>
        <StatusBadge status={ticket.status} />
      </Table.Td>
      <Table.Td>{levels[ticket.priority]}</Table.Td>
      <Table.Td>
        {ticket.caller_name || '–'}
        <Text size="xs" c="dimmed">
          {ticket.org_name}
        </Text>
      </Table.Td>
      <Table.Td>
        {ticket.agent_name || '–'}
        <Text size="xs" c="dimmed">
          {ticket.team_name}
        </Text>
      </Table.Td>
      <Table.Td>
        <When at={ticket.last_update} />
      </Table.Td>
    </Table.Tr>
  );
}

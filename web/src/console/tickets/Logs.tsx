import { Button, Group, SegmentedControl, Skeleton, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Entry, type LogName, tickets } from '../../api/tickets';
import { Fault } from '../../ui/Fault';
import { Html } from '../../ui/Html';
import { When } from '../../ui/time';
import classes from './Ticket.module.css';

/** How often the log is looked at again, in milliseconds: others write to it too. */
const pause = 10_000;

/** Both logs of a ticket, oldest first, and the box to add to them. */
export function Logs({ id }: { id: string }) {
  const [shown, setShown] = useState<'all' | LogName>('all');
  const query = useQuery({
    queryKey: ['ticket', id, 'entries'],
    queryFn: () => tickets.entries(id),
    refetchInterval: pause,
  });
  const entries = (query.data?.items ?? []).filter(e => shown === 'all' || e.log === shown);
  return (
    <section className={classes.box} aria-labelledby="log">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5" id="log">
          Log
        </Title>
        <SegmentedControl
          size="xs"
          aria-label="Show"
          value={shown}
          onChange={value => setShown(value as 'all' | LogName)}
          data={[
            { value: 'all', label: 'All' },
            { value: 'public', label: 'Public' },
            { value: 'private', label: 'Private' },
          ]}
        />
      </Group>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && !query.error ? <Skeleton height={80} aria-label="Loading" /> : null}
      <div role="log" aria-labelledby="log">
        {query.isSuccess && entries.length === 0 ? <Text c="dimmed">Nothing was said yet.</Text> : null}
        {entries.map(entry => (
          <Line key={entry.id} entry={entry} />
        ))}
      </div>
      <Composer id={id} />
    </section>
  );
}

function Line({ entry }: { entry: Entry }) {
  return (
    <article className={classes.entry} data-log={entry.log}>
      <header>
        <strong>{entry.author}</strong>{' '}
        <span>
          {entry.log === 'private' ? 'Note' : 'Reply'} · <When at={entry.at} />
        </span>
      </header>
      {entry.disclaimer ? <p className={classes.disclaimer}>{entry.disclaimer}</p> : null}
      <Html html={entry.html} />
    </article>
  );
}

function Composer({ id }: { id: string }) {
  const client = useQueryClient();
  const [log, setLog] = useState<LogName>('public');
  const [text, setText] = useState('');
  const append = useMutation({
    mutationFn: () => tickets.append(id, log, text),
    onSuccess: async () => {
      setText('');
      await client.invalidateQueries({ queryKey: ['ticket', id] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() && !append.isPending) {
      append.mutate();
    }
  };
  return (
    <form className={classes.composer} data-log={log} onSubmit={submit}>
      <SegmentedControl
        size="xs"
        aria-label="Write"
        value={log}
        onChange={value => setLog(value as LogName)}
        data={[
          { value: 'public', label: 'Reply' },
          { value: 'private', label: 'Note' },
        ]}
      />
      <Textarea
        aria-label={log === 'public' ? 'Reply' : 'Note'}
        placeholder={log === 'public' ? 'The caller sees it' : 'Only agents see it'}
        rows={3}
        resize="vertical"
        my={6}
        value={text}
        onChange={e => setText(e.target.value)}
        onKeyDown={e => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
            submit(e);
          }
        }}
      />
      <Fault error={append.error} />
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          Ctrl+Enter sends
        </Text>
        <Button type="submit" size="xs" disabled={!text.trim()} loading={append.isPending}>
          {log === 'public' ? 'Send reply' : 'Add note'}
        </Button>
      </Group>
    </form>
  );
}

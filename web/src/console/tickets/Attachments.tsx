import { Anchor, Button, FileButton, Group, SegmentedControl, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type LogName, tickets } from '../../api/tickets';
import { Fault } from '../../ui/Fault';
import { When } from '../../ui/time';
import classes from './Ticket.module.css';

/** The files of a ticket. A private one is hidden from the caller. */
export function Attachments({ id }: { id: string }) {
  const client = useQueryClient();
  const [log, setLog] = useState<LogName>('public');
  const key = ['ticket', id, 'attachments'];
  const query = useQuery({ queryKey: key, queryFn: () => tickets.attachments(id) });
  const attach = useMutation({
    mutationFn: (file: File) => tickets.attach(id, file, log),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  });
  const files = query.data?.items ?? [];
  return (
    <section className={classes.box}>
      <Title order={2} size="h5" mb="xs">
        Attachments
      </Title>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isSuccess && files.length === 0 ? (
        <Text size="sm" c="dimmed">
          None.
        </Text>
      ) : null}
      <ul className={classes.files}>
        {files.map(file => (
          <li key={file.id}>
            <Anchor href={tickets.fileAddress(file.id)} download={file.name}>
              {file.name}
            </Anchor>
            <Text size="xs" c="dimmed">
              {bytes(file.size)} · {file.log === 'private' ? 'private · ' : ''}
              <When at={file.created_at} />
            </Text>
          </li>
        ))}
      </ul>
      <Fault error={attach.error} />
      <Group gap="xs" mt="xs">
        <SegmentedControl
          size="xs"
          aria-label="Who sees a new file"
          value={log}
          onChange={value => setLog(value as LogName)}
          data={[
            { value: 'public', label: 'Public' },
            { value: 'private', label: 'Private' },
          ]}
        />
        <FileButton onChange={file => file && attach.mutate(file)} inputProps={{ 'aria-label': 'File to attach' }}>
          {props => (
            <Button {...props} size="xs" variant="default" loading={attach.isPending}>
              Attach a file
            </Button>
          )}
        </FileButton>
      </Group>
    </section>
  );
}

function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(n, 1)) / 10));
  return `${(n / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

import { Badge, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fault } from '../ui/Fault';
import { When } from '../ui/time';
import { type Delivery, demo } from './api';
import classes from './Simulator.module.css';

/** The last webhooks that the simulator sent, newest first, and how they were answered. */
export function Deliveries() {
  const query = useQuery({ queryKey: ['deliveries'], queryFn: demo.deliveries });
  const rows = query.data ? (Array.isArray(query.data) ? query.data : (query.data.items ?? [])) : [];
  return (
    <section className={classes.deliveries} aria-labelledby="deliveries">
      <Text component="h2" id="deliveries" fw={600} size="md" m={0} mb="xs">
        Webhooks sent
      </Text>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isSuccess && rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          None yet. Say something in a conversation.
        </Text>
      ) : null}
      {rows.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <section className={classes.scroll} tabIndex={0} aria-label="Table of webhooks">
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Topic</Table.Th>
                <Table.Th>Answer</Table.Th>
                <Table.Th>Time</Table.Th>
                <Table.Th>Attempts</Table.Th>
                <Table.Th>Sent</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(row => (
                <Row key={row.id} row={row} />
              ))}
            </Table.Tbody>
          </Table>
        </section>
      ) : null}
    </section>
  );
}

function Row({ row }: { row: Delivery }) {
  const fine = Number(row.status) >= 200 && Number(row.status) < 300;
  return (
    <Table.Tr>
      <Table.Td>
        <code>{row.topic}</code>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={fine ? 'teal' : row.status ? 'red' : 'gray'}>
          {row.status || 'waiting'}
        </Badge>{' '}
        {row.error}
      </Table.Td>
      <Table.Td>{row.ms} ms</Table.Td>
      <Table.Td>{row.attempts}</Table.Td>
      <Table.Td>
        <When at={row.sent_at} />
      </Table.Td>
    </Table.Tr>
  );
}

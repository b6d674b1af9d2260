import { Group, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { audit, type Change } from '../api/console';
import { Head } from '../ui/Head';
import { Pages, usePages } from '../ui/Listing';
import { When } from '../ui/time';
import classes from './Audit.module.css';

/** Who changed what, newest first. */
export function Audit() {
  const [filter, setFilter] = useState({ actor: '', action: '', subject: '' });
  const [asked] = useDebouncedValue(filter, 300);
  const pages = usePages(['audit', asked], cursor => audit.list(cursor, asked));
  const field = (name: keyof typeof filter) => ({
    size: 'sm' as const,
    value: filter[name],
    onChange: (e: { target: { value: string } }) => setFilter({ ...filter, [name]: e.target.value }),
  });
  return (
    <>
      <Head title="Audit" />
      <Group gap="sm" mb="md">
        <TextInput label="Who" placeholder="user:7" {...field('actor')} />
        <TextInput label="What" placeholder="user.updated" {...field('action')} />
        <TextInput label="To" placeholder="user:9" {...field('subject')} />
      </Group>
      <Pages
        pages={pages}
        label="Changes"
        columns={['When', 'Who', 'What', 'To', 'Values']}
        empty="No change fits the filter."
        row={change => <Row key={change.id} change={change} />}
      />
    </>
  );
}

function Row({ change }: { change: Change }) {
  return (
    <Table.Tr>
      <Table.Td>
        <When at={change.at} />
      </Table.Td>
      <Table.Td>
        {change.actor}
        <Text size="xs" c="dimmed">
          {change.address}
        </Text>
      </Table.Td>
      <Table.Td>{change.action}</Table.Td>
      <Table.Td>{change.subject}</Table.Td>
      <Table.Td>
        <Values change={change} />
      </Table.Td>
    </Table.Tr>
  );
}

function Values({ change }: { change: Change }) {
  if (change.old === undefined && change.new === undefined) {
    return null;
  }
  return (
    <details className={classes.values}>
      <summary>Show</summary>
      {change.old === undefined ? null : (
        <>
          <Text size="xs" c="dimmed">
            Before
          </Text>
          <pre>{JSON.stringify(change.old, null, 2)}</pre>
        </>
      )}
      {change.new === undefined ? null : (
        <>
          <Text size="xs" c="dimmed">
            After
          </Text>
          <pre>{JSON.stringify(change.new, null, 2)}</pre>
        </>
      )}
    </details>
  );
}

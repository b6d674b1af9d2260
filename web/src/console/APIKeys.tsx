import { Alert, Badge, Button, Group, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type APIKey, apiKeys, type Role, roles, type Scope } from '../api/console';
import { problemOf } from '../api/http';
import { Copy } from '../ui/Copy';
import { Dialog } from '../ui/Dialog';
import { Fault } from '../ui/Fault';
import { Head } from '../ui/Head';
import { Pages, usePages } from '../ui/Listing';
import { When } from '../ui/time';

/** The keys with which programs use the interface. */
export function APIKeys() {
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<APIKey>();
  const [token, setToken] = useState('');
  const pages = usePages(['api-keys'], cursor => apiKeys.list(cursor));
  const refresh = () => client.invalidateQueries({ queryKey: ['api-keys'] });
  return (
    <>
      <Head title="API keys">
        <Button size="sm" onClick={() => setMaking(true)}>
          New key
        </Button>
      </Head>
      {token ? <Shown token={token} onClose={() => setToken('')} /> : null}
      <Pages
        pages={pages}
        label="API keys"
        columns={['For', 'Key', 'Role', 'Made', 'Last used', 'State', '']}
        empty="There is no key yet."
        row={key => <Row key={key.id} item={key} onRevoke={() => setRevoked(key)} />}
      />
      <Dialog opened={making} title="New API key" onClose={() => setMaking(false)}>
        <Form
          onCancel={() => setMaking(false)}
          onMade={async made => {
            setToken(made);
            setMaking(false);
            await refresh();
          }}
        />
      </Dialog>
      <Dialog opened={revoked !== undefined} title="Revoke the key?" onClose={() => setRevoked(undefined)}>
        {revoked ? (
          <Revoke
            item={revoked}
            onDone={async () => {
              setRevoked(undefined);
              await refresh();
            }}
          />
        ) : null}
      </Dialog>
    </>
  );
}

function Shown({ token, onClose }: { token: string; onClose: () => void }) {
  return (
    <Alert
      color="teal"
      title="The key is shown only now"
      role="status"
      mb="md"
      withCloseButton
      closeButtonLabel="Hide the key"
      onClose={onClose}
    >
      <Group gap="sm">
        <code>{token}</code>
        <Copy value={token} what="the key" />
      </Group>
    </Alert>
  );
}

function Row({ item, onRevoke }: { item: APIKey; onRevoke: () => void }) {
  const dead = Boolean(item.revoked_at);
  return (
    <Table.Tr>
      <Table.Td>{item.name}</Table.Td>
      <Table.Td>
        <code>{item.prefix}…</code>
      </Table.Td>
      <Table.Td>
        {item.role}
        <Text size="xs" c="dimmed">
          {item.scope === 'write' ? 'reads and writes' : 'reads'}
        </Text>
      </Table.Td>
      <Table.Td>
        <When at={item.created_at} />
        <Text size="xs" c="dimmed">
          {item.created_by}
        </Text>
      </Table.Td>
      <Table.Td>
        <When at={item.last_used_at} />
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={dead ? 'gray' : 'teal'}>
          {dead ? 'Revoked' : 'Active'}
        </Badge>
      </Table.Td>
      <Table.Td>
        {dead ? null : (
          <Button size="compact-xs" variant="default" onClick={onRevoke} aria-label={`Revoke ${item.name}`}>
            Revoke
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Form({ onMade, onCancel }: { onMade: (token: string) => Promise<void>; onCancel: () => void }) {
  const [form, setForm] = useState({ name: '', role: 'supporter' as Role, scope: 'read' as Scope });
  const make = useMutation({ mutationFn: apiKeys.create, onSuccess: made => onMade(made.token) });
  const problem = make.error ? problemOf(make.error) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(form);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="What it is for"
          required
          value={form.name}
          error={problem?.field('name')}
          onChange={e => setForm({ ...form, name: e.target.value })}
        />
        <NativeSelect
          label="Role"
          value={form.role}
          error={problem?.field('role')}
          onChange={e => setForm({ ...form, role: e.target.value as Role })}
          data={[...roles]}
        />
        <NativeSelect
          label="May"
          value={form.scope}
          error={problem?.field('scope')}
          onChange={e => setForm({ ...form, scope: e.target.value as Scope })}
          data={[
            { value: 'read', label: 'Read' },
            { value: 'write', label: 'Read and write' },
          ]}
        />
        <Fault error={make.error} except={['name', 'role', 'scope']} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Make key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Revoke({ item, onDone }: { item: APIKey; onDone: () => Promise<void> }) {
  const revoke = useMutation({ mutationFn: () => apiKeys.revoke(item.id), onSuccess: onDone });
  return (
    <Stack gap="sm">
      <Text>Programs that use “{item.name}” are refused at once. This cannot be undone.</Text>
      <Fault error={revoke.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={() => void onDone()}>
          Cancel
        </Button>
        <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke key
        </Button>
      </Group>
    </Stack>
  );
}

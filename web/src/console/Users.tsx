import {
  Badge,
  Button,
  Group,
  NativeSelect,
  PasswordInput,
  Stack,
  Switch,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Role, roles, type User, users } from '../api/console';
import { problemOf } from '../api/http';
import { Dialog } from '../ui/Dialog';
import { Fault } from '../ui/Fault';
import { Head } from '../ui/Head';
import { Pages, usePages } from '../ui/Listing';
import { When } from '../ui/time';

/** Who may sign in, and as what. */
export function Users() {
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 300);
  const [edited, setEdited] = useState<User | 'new'>();
  const pages = usePages(['users', asked], cursor => users.list(cursor, asked));
  return (
    <>
      <Head title="Users">
        <Button size="sm" onClick={() => setEdited('new')}>
          New user
        </Button>
      </Head>
      <TextInput
        label="Search"
        placeholder="Name or e-mail"
        mb="md"
        maw={320}
        value={search}
        onChange={e => setSearch(e.target.value)}
      />
      <Pages
        pages={pages}
        label="Users"
        columns={['Name', 'Role', 'State', 'Last sign-in', '']}
        empty="No user fits."
        row={user => <Row key={user.id} user={user} onEdit={() => setEdited(user)} />}
      />
      <Dialog
        opened={edited !== undefined}
        title={edited === 'new' ? 'New user' : 'Change user'}
        onClose={() => setEdited(undefined)}
      >
        {edited ? <Form user={edited === 'new' ? undefined : edited} onDone={() => setEdited(undefined)} /> : null}
      </Dialog>
    </>
  );
}

function Row({ user, onEdit }: { user: User; onEdit: () => void }) {
  return (
    <Table.Tr>
      <Table.Td>
        {user.name}
        <Text size="sm" c="dimmed">
          {user.email}
        </Text>
      </Table.Td>
      <Table.Td>{user.role}</Table.Td>
      <Table.Td>
        <Badge variant="light" color={user.disabled ? 'gray' : user.has_password ? 'teal' : 'orange'}>
          {user.disabled ? 'Disabled' : user.has_password ? 'Active' : 'No password'}
        </Badge>
      </Table.Td>
      <Table.Td>
        <When at={user.signed_in_at} />
      </Table.Td>
      <Table.Td>
        <Button size="compact-xs" variant="default" onClick={onEdit} aria-label={`Change ${user.name}`}>
          Change
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

const fields = ['name', 'email', 'role', 'password', 'profiles'];

function Form({ user, onDone }: { user: User | undefined; onDone: () => void }) {
  const client = useQueryClient();
  const [form, setForm] = useState({
    name: user?.name ?? '',
    email: user?.email ?? '',
    role: user?.role ?? ('supporter' as Role),
    profiles: user?.profiles.join(', ') ?? '',
    password: '',
    disabled: user?.disabled ?? false,
  });
  const save = useMutation({
    mutationFn: () => store(user, form),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['users'] });
      onDone();
    },
  });
  const problem = save.error ? problemOf(save.error) : undefined;
  const field = (name: 'name' | 'email' | 'password' | 'profiles') => ({
    value: form[name],
    error: problem?.field(name),
    onChange: (e: { target: { value: string } }) => setForm({ ...form, [name]: e.target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput label="Name" required {...field('name')} />
        <TextInput label="E-mail" type="email" required {...field('email')} />
        <NativeSelect
          label="Role"
          value={form.role}
          error={problem?.field('role')}
          onChange={e => setForm({ ...form, role: e.target.value as Role })}
          data={[...roles]}
        />
        <TextInput label="Profiles" description="With commas between, such as Portal user" {...field('profiles')} />
        <PasswordInput
          label={user ? 'New password' : 'Password'}
          description={user ? 'Leave empty to keep the old one' : 'At least 10 characters. Empty: cannot sign in yet'}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          {...field('password')}
        />
        {user ? (
          <Switch
            label="Disabled"
            description="Ends all sessions and API keys of the user at once"
            checked={form.disabled}
            onChange={e => setForm({ ...form, disabled: e.target.checked })}
          />
        ) : null}
        <Fault error={save.error} except={fields} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {user ? 'Save' : 'Make user'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface UserForm {
  name: string;
  email: string;
  role: Role;
  profiles: string;
  password: string;
  disabled: boolean;
}

/** Sends what was changed. A new password goes first: it is the part that is refused most. */
async function store(user: User | undefined, form: UserForm) {
  const profiles = form.profiles
    .split(',')
    .map(p => p.trim())
    .filter(Boolean);
  const { name, email, role, disabled, password } = form;
  if (!user) {
    await users.create({ name, email, role, profiles, ...(password ? { password } : {}) });
    return;
  }
  if (password) {
    await users.setPassword(user.id, password);
  }
  await users.update(user.id, { name, email, role, profiles, disabled });
}

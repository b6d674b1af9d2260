import { Anchor, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { session } from '../api/console';
import { Problem, problemOf } from '../api/http';
import { Fault } from '../ui/Fault';
import { useTitle } from '../ui/title';
import classes from './Door.module.css';
import { sessionKey } from './session';

const fields = ['email', 'name', 'password', 'repeat'];

/** Makes the first administrator, for the holder of the one-time link. */
export function SetUp() {
  useTitle('Set-up');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [token] = useState(tokenOfAddress);
  const [form, setForm] = useState({ email: '', name: '', password: '', repeat: '' });
  const setUp = useMutation({
    mutationFn: async () => {
      const { repeat, ...given } = form;
      if (repeat !== given.password) {
        throw new Problem(422, 'The passwords differ', '', [
          { location: 'repeat', message: 'Enter the same password twice.' },
        ]);
      }
      await session.setUp({ token, ...given });
      return session.signIn({ email: given.email, password: given.password });
    },
    onSuccess: principal => {
      client.setQueryData(sessionKey, principal);
      navigate('/workspaces', { replace: true });
    },
  });
  const problem = setUp.error ? problemOf(setUp.error) : undefined;
  const field = (name: keyof typeof form) => ({
    required: true,
    value: form[name],
    error: problem?.field(name),
    onChange: (e: { target: { value: string } }) => setForm({ ...form, [name]: e.target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setUp.mutate();
  };
  if (!token) {
    return (
      <main className={classes.door}>
        <Stack>
          <Title order={1} size="h2">
            Set-up
          </Title>
          <Text>
            This address has no set-up token. Open the link as the server printed it, or start the server again for a
            new one.
          </Text>
          <Anchor component={Link} to="/sign-in">
            Sign in
          </Anchor>
        </Stack>
      </main>
    );
  }
  return (
    <main className={classes.door}>
      <form onSubmit={submit}>
        <Stack>
          <Title order={1} size="h2">
            Set up Deskbridge
          </Title>
          <Text size="sm">Make the first administrator.</Text>
          <TextInput label="Name" autoComplete="name" {...field('name')} />
          <TextInput label="E-mail" type="email" autoComplete="username" {...field('email')} />
          <PasswordInput
            label="Password"
            description="At least 10 characters, not easy to guess"
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            {...field('password')}
          />
          <PasswordInput
            label="Password again"
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the repeated password' }}
            {...field('repeat')}
          />
          <Fault error={setUp.error} except={fields} />
          <Button type="submit" loading={setUp.isPending}>
            Make administrator
          </Button>
        </Stack>
      </form>
    </main>
  );
}

/** Takes the token out of the fragment, so that it stays neither in the address nor in the history. */
function tokenOfAddress(): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '';
  if (token) {
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }
  return token;
}

import { Anchor, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { session } from '../api/console';
import { Fault } from '../ui/Fault';
import { useTitle } from '../ui/title';
import classes from './Door.module.css';
import { sessionKey, useSession } from './session';

/** The door of the console. */
export function SignIn() {
  useTitle('Sign in');
  const client = useQueryClient();
  const [search] = useSearchParams();
  const who = useSession();
  const setUp = useQuery({ queryKey: ['setup'], queryFn: session.setUpOpen, retry: false });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: session.signIn,
    onSuccess: principal => client.setQueryData(sessionKey, principal),
  });
  if (who.data) {
    return <Navigate to={inside(search.get('to'))} replace />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password });
  };
  return (
    <main className={classes.door}>
      <form onSubmit={submit}>
        <Stack>
          <Title order={1} size="h2">
            Deskbridge
          </Title>
          {setUp.data?.open ? (
            <Text size="sm">
              There is no administrator yet. Open the set-up link that the server printed when it started.
            </Text>
          ) : null}
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={e => setEmail(e.target.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={e => setPassword(e.target.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          />
          <Fault error={signIn.error ?? who.error} />
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            Looking for your own tickets?{' '}
            <Anchor href="/portal" underline="always">
              Go to the portal
            </Anchor>
          </Text>
        </Stack>
      </form>
    </main>
  );
}

/** Only paths of the console: never another site. */
function inside(to: string | null): string {
  return to?.startsWith('/') && !to.startsWith('//') ? to : '/';
}

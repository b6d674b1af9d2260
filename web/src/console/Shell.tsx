import { Anchor, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { Suspense, useEffect, useRef } from 'react';
import { Navigate, NavLink, Outlet, useLocation, useNavigation } from 'react-router';
import type { Principal, Role } from '../api/console';
import { Fault } from '../ui/Fault';
import { SchemeSwitch } from '../ui/SchemeSwitch';
import classes from './Shell.module.css';
import { useSession, useSignOut } from './session';

const agents: Role[] = ['administrator', 'dispatcher', 'supporter'];

/** The rooms, and who may enter them. The server refuses all others itself. */
const rooms: { to: string; label: string; roles: Role[] }[] = [
  { to: '/tickets', label: 'Tickets', roles: agents },
  { to: '/workspaces', label: 'Workspaces', roles: ['administrator'] },
  { to: '/ledger', label: 'Ledger', roles: ['administrator', 'dispatcher'] },
  { to: '/users', label: 'Users', roles: ['administrator'] },
  { to: '/api-keys', label: 'API keys', roles: ['administrator'] },
  { to: '/audit', label: 'Audit', roles: ['administrator'] },
];

/** The frame of the console: who is signed in, the rooms, and the room entered. */
export function Shell() {
  const session = useSession();
  const location = useLocation();
  if (session.isPending) {
    return <Skeleton height={48} m="md" aria-label="Loading" />;
  }
  if (session.error) {
    return (
      <Stack p="md">
        <Fault error={session.error} onRetry={() => void session.refetch()} />
      </Stack>
    );
  }
  if (!session.data) {
    const to = encodeURIComponent(location.pathname + location.search);
    return <Navigate to={`/sign-in?to=${to}`} replace />;
  }
  return <Frame principal={session.data} />;
}

function Frame({ principal }: { principal: Principal }) {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const moving = useNavigation().state !== 'idle';
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new room starts at its top
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    main.current?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [pathname.split('/')[1]]);
  return (
    <div className={classes.frame}>
      <a className="skip" href="#room">
        Skip to the content
      </a>
      <header className={classes.header}>
        <Text component="span" fw={700}>
          Deskbridge
        </Text>
        <Rooms principal={principal} />
        <Account principal={principal} />
      </header>
      <main id="room" className={classes.room} ref={main} tabIndex={-1} aria-busy={moving}>
        {principal.role === 'portal' ? (
          <Text>
            The console is for agents. Your tickets are in the{' '}
            <Anchor href="/portal" underline="always">
              portal
            </Anchor>
            .
          </Text>
        ) : (
          <Suspense>
            <Outlet />
          </Suspense>
        )}
      </main>
    </div>
  );
}

function Rooms({ principal }: { principal: Principal }) {
  if (principal.role === 'portal') {
    return null;
  }
  return (
    <nav className={classes.nav} aria-label="Rooms">
      {rooms
        .filter(room => room.roles.includes(principal.role))
        .map(room => (
          <NavLink key={room.to} to={room.to}>
            {room.label}
          </NavLink>
        ))}
    </nav>
  );
}

function Account({ principal }: { principal: Principal }) {
  const signOut = useSignOut();
  return (
    <Group gap="sm" className={classes.account}>
      <SchemeSwitch />
      <Text size="sm" title={principal.email}>
        {principal.name || principal.email}
      </Text>
      <Button size="xs" variant="default" onClick={() => void signOut()}>
        Sign out
      </Button>
    </Group>
  );
}

import { Anchor, Badge, Group, NativeSelect, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Fault } from '../ui/Fault';
import { SchemeSwitch } from '../ui/SchemeSwitch';
import { demo, type State } from './api';
import { CardPanel } from './CardPanel';
import { Contacts } from './Contacts';
import { ConversationView } from './ConversationView';
import { Deliveries } from './Deliveries';
import { useEvents } from './events';
import classes from './Simulator.module.css';

/** The page that plays Intercom's inbox, so that the bridge can be tried without an account. */
export function Simulator() {
  const live = useEvents();
  const state = useQuery({ queryKey: ['state'], queryFn: demo.state });
  return (
    <>
      <a className="skip" href="#conversation">
        Skip to the conversation
      </a>
      <header className={classes.header}>
        <Group gap="sm">
          <Title order={1} size="h3">
            Inbox simulator
          </Title>
          {live ? null : (
            <Badge color="orange" variant="light" role="status">
              Reconnecting
            </Badge>
          )}
        </Group>
        <SchemeSwitch />
      </header>
      <main className={classes.page}>
        <Intro />
        {state.error ? <Fault error={state.error} onRetry={() => void state.refetch()} /> : null}
        {state.data ? <Inbox state={state.data} /> : state.isPending ? <Skeleton height={320} /> : null}
        <Deliveries />
      </main>
    </>
  );
}

function Intro() {
  return (
    <section className={classes.intro} aria-label="How it works">
      <Text fw={600}>This page plays Intercom. Nothing leaves your machine.</Text>
      <ol>
        <li>Pick a contact and open a conversation.</li>
        <li>Create or link a ticket on the card.</li>
        <li>Reply, add a note, close. Each is sent to Deskbridge as a signed webhook.</li>
      </ol>
      <Group gap="md" component="nav" aria-label="Elsewhere">
        <Anchor href="/portal">Ticket portal</Anchor>
        <Anchor href="/app">Console</Anchor>
        <Anchor href="/api/docs">API documentation</Anchor>
      </Group>
    </section>
  );
}

function Inbox({ state }: { state: State }) {
  const admins = state.admins ?? [];
  const conversations = state.conversations ?? [];
  const [admin, setAdmin] = useState(admins[0]?.id ?? '');
  const [chosen, setChosen] = useState(chosenFromAddress);
  const [contact, setContact] = useState('');
  const conversation = chosen === 'none' ? undefined : (conversations.find(c => c.id === chosen) ?? conversations[0]);

  useEffect(() => {
    if (chosen) {
      window.history.replaceState(null, '', `?conversation=${encodeURIComponent(chosen)}`);
    }
  }, [chosen]);

  return (
    <div className={classes.inbox}>
      <Contacts
        state={state}
        contact={contact || conversation?.contact_id || state.contacts?.[0]?.id || ''}
        conversation={conversation?.id}
        onContact={id => {
          setContact(id);
          setChosen(conversations.find(c => c.contact_id === id)?.id ?? 'none');
        }}
        onConversation={(id, of) => {
          setContact(of);
          setChosen(id);
        }}
      />
      <section className={classes.middle} id="conversation" aria-label="Conversation" tabIndex={-1}>
        <Group className={classes.bar} gap="xs">
          <NativeSelect
            label="You are the agent"
            size="xs"
            value={admin}
            onChange={e => setAdmin(e.target.value)}
            data={admins.map(a => ({ value: a.id, label: a.name }))}
          />
        </Group>
        {conversation ? (
          <ConversationView key={conversation.id} id={conversation.id} admin={admin} />
        ) : (
          <Text c="dimmed" p="md">
            This contact has no conversation yet. Start one on the left.
          </Text>
        )}
      </section>
      <section className={classes.right} aria-label="Details">
        {conversation && admin ? (
          <CardPanel key={`${conversation.id}/${admin}`} conversation={conversation.id} admin={admin} />
        ) : (
          <Text c="dimmed" p="md">
            The card appears when a conversation is open.
          </Text>
        )}
      </section>
    </div>
  );
}

function chosenFromAddress(): string {
  return new URLSearchParams(window.location.search).get('conversation') ?? '';
}

import { Button, Group, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { problemOf } from '../api/http';
import { Dialog } from '../ui/Dialog';
import { Fault } from '../ui/Fault';
import { When } from '../ui/time';
import { demo, type State } from './api';
import classes from './Simulator.module.css';

interface ContactsProps {
  state: State;
  contact: string;
  conversation: string | undefined;
  onContact: (id: string) => void;
  onConversation: (id: string, contact: string) => void;
}

/** The left column: who writes, and their conversations. */
export function Contacts({ state, contact, conversation, onContact, onConversation }: ContactsProps) {
  const [adding, setAdding] = useState(false);
  const contacts = state.contacts ?? [];
  const current = contacts.find(c => c.id === contact);
  const conversations = (state.conversations ?? []).filter(c => c.contact_id === contact);
  return (
    <section className={classes.left} aria-label="Contacts and conversations">
      <Stack gap="xs">
        <NativeSelect
          label="Contact"
          value={contact}
          onChange={e => onContact(e.target.value)}
          data={contacts.map(c => ({ value: c.id, label: c.name || c.email || c.id }))}
        />
        {current ? (
          <Text size="sm" c="dimmed">
            {[current.email, current.role].filter(Boolean).join(' · ')}
            <Attributes of={current.custom_attributes} />
          </Text>
        ) : null}
        <Button variant="default" size="xs" onClick={() => setAdding(true)}>
          New contact
        </Button>
        <Text component="h2" fw={600} size="sm" mt="xs" mb={0}>
          Conversations
        </Text>
        {conversations.length === 0 ? (
          <Text size="sm" c="dimmed">
            None yet.
          </Text>
        ) : (
          <ul className={classes.conversations}>
            {conversations.map(c => (
              <li key={c.id}>
                <button
                  type="button"
                  aria-current={c.id === conversation || undefined}
                  onClick={() => onConversation(c.id, contact)}
                >
                  <span className={classes.title}>{c.title || `Conversation ${c.id}`}</span>
                  <span className={classes.quiet}>
                    {c.state} · <When at={c.updated_at} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {current ? (
          <NewConversation key={contact} contact={contact} onStarted={id => onConversation(id, contact)} />
        ) : null}
      </Stack>
      <NewContact opened={adding} onClose={() => setAdding(false)} onAdded={onContact} />
    </section>
  );
}

function Attributes({ of }: { of: Record<string, unknown> | undefined }) {
  return Object.entries(of ?? {})
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => (
      <span key={key} className={classes.attribute}>
        {key}: {String(value)}
      </span>
    ));
}

function NewConversation({ contact, onStarted }: { contact: string; onStarted: (id: string) => void }) {
  const client = useQueryClient();
  const [body, setBody] = useState('');
  const start = useMutation({
    mutationFn: demo.start,
    onSuccess: async made => {
      setBody('');
      await client.invalidateQueries({ queryKey: ['state'] });
      onStarted(made.id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim()) {
      start.mutate({ contact_id: contact, body });
    }
  };
  return (
    <form onSubmit={submit}>
      <Textarea
        label="New conversation"
        placeholder="What the customer writes first"
        rows={2}
        resize="vertical"
        value={body}
        onChange={e => setBody(e.target.value)}
      />
      <Button type="submit" size="xs" mt={6} variant="default" disabled={!body.trim()} loading={start.isPending}>
        Start conversation
      </Button>
      <Fault error={start.error} />
    </form>
  );
}

interface NewContactProps {
  opened: boolean;
  onClose: () => void;
  onAdded: (id: string) => void;
}

function NewContact({ opened, onClose, onAdded }: NewContactProps) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const add = useMutation({
    mutationFn: demo.addContact,
    onSuccess: async made => {
      await client.invalidateQueries({ queryKey: ['state'] });
      onAdded(made.id);
      setName('');
      setEmail('');
      onClose();
    },
  });
  const problem = add.error ? problemOf(add.error) : undefined;
  return (
    <Dialog opened={opened} onClose={onClose} title="New contact">
      <form
        onSubmit={event => {
          event.preventDefault();
          add.mutate({ name, email });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            value={name}
            error={problem?.field('name')}
            onChange={e => setName(e.target.value)}
          />
          <TextInput
            label="E-mail"
            type="email"
            required
            value={email}
            error={problem?.field('email')}
            onChange={e => setEmail(e.target.value)}
          />
          <Fault error={add.error} except={['name', 'email']} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending}>
              Add contact
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

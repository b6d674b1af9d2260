import { Badge, Button, Group, SegmentedControl, Skeleton, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Fault } from '../ui/Fault';
import { type Conversation, demo, type NewPart } from './api';
import { PartView } from './PartView';
import classes from './Simulator.module.css';

/** The middle column: what was said, and the ways to say more. */
export function ConversationView({ id, admin }: { id: string; admin: string }) {
  const client = useQueryClient();
  const talk = useQuery({ queryKey: ['conversation', id], queryFn: () => demo.conversation(id) });
  const refresh = async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: ['conversation', id] }),
      client.invalidateQueries({ queryKey: ['state'] }),
      client.invalidateQueries({ queryKey: ['deliveries'] }),
    ]);
  };
  const add = useMutation({ mutationFn: (part: NewPart) => demo.add(id, part), onSuccess: refresh });
  const redact = useMutation({ mutationFn: (part: string) => demo.redact(id, part), onSuccess: refresh });

  if (!talk.data) {
    return talk.error ? (
      <Fault error={talk.error} onRetry={() => void talk.refetch()} />
    ) : (
      <Skeleton height={240} m="md" />
    );
  }
  const act = (type: NewPart['type']) => add.mutate({ as: 'admin', admin_id: admin, type });
  return (
    <>
      <Head talk={talk.data} busy={add.isPending} admin={admin} onAct={act} />
      <Log talk={talk.data} onRedact={part => redact.mutate(part)} />
      <Fault error={add.error ?? redact.error} />
      <Composer
        busy={add.isPending}
        onSend={async (as, type, body) => {
          await add.mutateAsync({ as, type, body, ...(as === 'admin' ? { admin_id: admin } : {}) });
        }}
      />
    </>
  );
}

interface HeadProps {
  talk: Conversation;
  busy: boolean;
  admin: string;
  onAct: (type: NewPart['type']) => void;
}

function Head({ talk, busy, admin, onAct }: HeadProps) {
  const closed = talk.state === 'closed';
  return (
    <Group className={classes.head} justify="space-between">
      <div>
        <Text component="h2" fw={600} m={0} size="md">
          {talk.contact.name || talk.contact.email}{' '}
          <Badge variant="light" color={closed ? 'gray' : 'indigo'} component="span">
            {talk.state}
          </Badge>
        </Text>
        <Text size="sm" c="dimmed">
          {talk.assignee?.name ? `Assigned to ${talk.assignee.name}` : 'Unassigned'} · {talk.id}
        </Text>
      </div>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          disabled={busy || talk.assignee?.id === admin}
          onClick={() => onAct('assign')}
        >
          Assign to me
        </Button>
        <Button size="xs" variant="default" disabled={busy} onClick={() => onAct(closed ? 'open' : 'close')}>
          {closed ? 'Reopen' : 'Close'}
        </Button>
      </Group>
    </Group>
  );
}

function Log({ talk, onRedact }: { talk: Conversation; onRedact: (part: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const parts = talk.parts ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest part comes into view
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [parts.length]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div className={classes.log} role="log" aria-label="What was said" tabIndex={0} ref={box}>
      {parts.length === 0 ? <Text c="dimmed">Nothing was said yet.</Text> : null}
      {parts.map(part => (
        <PartView key={part.id} part={part} onRedact={() => onRedact(part.id)} />
      ))}
    </div>
  );
}

type Voice = 'reply' | 'note' | 'customer';

const voices: Record<Voice, { label: string; hint: string; button: string; as: NewPart['as']; type: NewPart['type'] }> =
  {
    reply: { label: 'Reply', hint: 'The customer sees it', button: 'Send reply', as: 'admin', type: 'comment' },
    note: { label: 'Note', hint: 'Only agents see it', button: 'Add note', as: 'admin', type: 'note' },
    customer: {
      label: 'As the customer',
      hint: 'What the customer writes',
      button: 'Send as customer',
      as: 'contact',
      type: 'comment',
    },
  };

interface ComposerProps {
  busy: boolean;
  onSend: (as: NewPart['as'], type: NewPart['type'], body: string) => Promise<void>;
}

function Composer({ busy, onSend }: ComposerProps) {
  const [voice, setVoice] = useState<Voice>('reply');
  const [body, setBody] = useState('');
  const { label, hint, button, as, type } = voices[voice];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!body.trim() || busy) {
      return;
    }
    try {
      await onSend(as, type, body);
      setBody('');
    } catch {
      // The mutation shows its error; what was written stays.
    }
  };
  return (
    <form className={classes.composer} data-voice={voice} onSubmit={submit}>
      <SegmentedControl
        size="xs"
        aria-label="Write as"
        value={voice}
        onChange={value => setVoice(value as Voice)}
        data={Object.entries(voices).map(([value, v]) => ({ value, label: v.label }))}
      />
      <Textarea
        aria-label={label}
        placeholder={hint}
        rows={2}
        resize="vertical"
        mt={6}
        value={body}
        onChange={e => setBody(e.target.value)}
        onKeyDown={e => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
            void submit(e);
          }
        }}
      />
      <Group justify="space-between" mt={6}>
        <Text size="xs" c="dimmed">
          Ctrl+Enter sends
        </Text>
        <Button type="submit" size="xs" disabled={!body.trim()} loading={busy}>
          {button}
        </Button>
      </Group>
    </form>
  );
}

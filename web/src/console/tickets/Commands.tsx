import { Button, Group, Stack, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { problemOf } from '../../api/http';
import { type Ticket, tickets } from '../../api/tickets';
import { Dialog } from '../../ui/Dialog';
import { Fault } from '../../ui/Fault';
import { stimuli } from './words';

/** What some stimuli ask for: the attribute's code and how it is asked. */
const questions: Record<string, { code: string; label: string }> = {
  ev_pending: { code: 'pending_reason', label: 'What the ticket waits for' },
  ev_resolve: { code: 'solution', label: 'Solution' },
};

/** The buttons that move a ticket to another state. */
export function Commands({ id, ticket }: { id: string; ticket: Ticket }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState('');
  const apply = useMutation({
    mutationFn: ({ stimulus, fields }: { stimulus: string; fields: Record<string, unknown> }) =>
      tickets.apply(id, stimulus, { version: ticket.version, ...fields }),
    onSuccess: async () => {
      setAsked('');
      await Promise.all([
        client.invalidateQueries({ queryKey: ['ticket', id] }),
        client.invalidateQueries({ queryKey: ['tickets'] }),
      ]);
    },
  });
  const press = (stimulus: string) => {
    apply.reset();
    if (questions[stimulus]) {
      setAsked(stimulus);
    } else {
      apply.mutate({ stimulus, fields: {} });
    }
  };
  return (
    <>
      <Group gap="xs" mb="md">
        {(ticket.stimuli ?? []).map(stimulus => (
          <Button key={stimulus} size="xs" variant="default" disabled={apply.isPending} onClick={() => press(stimulus)}>
            {stimuli[stimulus] ?? stimulus}
          </Button>
        ))}
      </Group>
      {asked ? null : <Fault error={apply.error} />}
      <Dialog opened={asked !== ''} title={`${stimuli[asked] ?? ''} ${ticket.ref}`} onClose={() => setAsked('')}>
        {asked ? (
          <Question
            stimulus={asked}
            error={apply.error}
            busy={apply.isPending}
            onAnswer={fields => apply.mutate({ stimulus: asked, fields })}
          />
        ) : null}
      </Dialog>
    </>
  );
}

interface QuestionProps {
  stimulus: string;
  error: unknown;
  busy: boolean;
  onAnswer: (fields: Record<string, unknown>) => void;
}

function Question({ stimulus, error, busy, onAnswer }: QuestionProps) {
  const [text, setText] = useState('');
  const question = questions[stimulus];
  if (!question) {
    return null;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAnswer({ [question.code]: text });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Textarea
          label={question.label}
          required
          autosize
          minRows={3}
          value={text}
          error={error ? problemOf(error).field(question.code) : undefined}
          onChange={e => setText(e.target.value)}
        />
        <Fault error={error} except={[question.code]} />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {stimuli[stimulus]}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

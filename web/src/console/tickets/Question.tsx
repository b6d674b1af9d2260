import { Button, Group, NativeSelect, Stack, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { problemOf } from '../../api/http';
import { type Stimulus, type Ticket, tickets } from '../../api/tickets';
import { Fault } from '../../ui/Fault';

/** The text that a stimulus asks for: the attribute's code and how it is asked. */
const texts: Record<string, { code: string; label: string }> = {
  ev_pending: { code: 'pending_reason', label: 'What the ticket waits for' },
  ev_resolve: { code: 'solution', label: 'Solution' },
};

const assigns = (stimulus: string) => stimulus === 'ev_assign' || stimulus === 'ev_reassign';

/** Reports whether a stimulus needs an answer before it can be applied. */
export const asks = (stimulus: string) => assigns(stimulus) || stimulus in texts;

interface QuestionProps {
  stimulus: Stimulus;
  ticket: Ticket;
  error: unknown;
  busy: boolean;
  onAnswer: (fields: Record<string, unknown>) => void;
}

/** Asks for what a stimulus needs. */
export function Question(props: QuestionProps) {
  return assigns(props.stimulus.stimulus) ? <Assignment {...props} /> : <Reason {...props} />;
}

function Reason({ stimulus, error, busy, onAnswer }: QuestionProps) {
  const [text, setText] = useState('');
  const asked = texts[stimulus.stimulus];
  if (!asked) {
    return null;
  }
  return (
    <Frame
      label={stimulus.label}
      error={error}
      fields={[asked.code]}
      busy={busy}
      onSubmit={() => onAnswer({ [asked.code]: text })}
    >
      <Textarea
        label={asked.label}
        required
        rows={3}
        resize="vertical"
        value={text}
        error={error ? problemOf(error).field(asked.code) : undefined}
        onChange={e => setText(e.target.value)}
      />
    </Frame>
  );
}

function Assignment({ stimulus, ticket, error, busy, onAnswer }: QuestionProps) {
  const [team, setTeam] = useState(ticket.team_id);
  const [agent, setAgent] = useState(ticket.agent_id);
  const teams = useQuery({ queryKey: ['teams'], queryFn: tickets.teams });
  const members = useQuery({
    queryKey: ['teams', team, 'members'],
    queryFn: () => tickets.members(team),
    enabled: team !== 0,
  });
  const problem = error ? problemOf(error) : undefined;
  const people = (members.data?.items ?? []).map(m => ({ value: String(m.person_id), label: m.person_name }));
  if (agent && agent === ticket.agent_id && !people.some(p => p.value === String(agent))) {
    people.unshift({ value: String(agent), label: ticket.agent_name || String(agent) });
  }
  return (
    <Frame
      label={stimulus.label}
      error={error ?? teams.error ?? members.error}
      fields={['team_id', 'agent_id']}
      busy={busy}
      onSubmit={() => onAnswer({ team_id: team, agent_id: agent })}
    >
      <NativeSelect
        label="Team"
        value={String(team)}
        error={problem?.field('team_id')}
        onChange={e => {
          setTeam(Number(e.target.value));
          setAgent(0);
        }}
        data={[
          { value: '0', label: 'None' },
          ...(teams.data?.items ?? []).map(t => ({ value: String(t.id), label: t.name })),
        ]}
      />
      <NativeSelect
        label="Agent"
        value={String(agent)}
        error={problem?.field('agent_id')}
        onChange={e => setAgent(Number(e.target.value))}
        data={[{ value: '0', label: 'Nobody yet' }, ...people]}
      />
    </Frame>
  );
}

interface FrameProps {
  label: string;
  error: unknown;
  fields: string[];
  busy: boolean;
  onSubmit: () => void;
  children: ReactNode;
}

function Frame({ label, error, fields, busy, onSubmit, children }: FrameProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {children}
        <Fault error={error} except={fields} />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

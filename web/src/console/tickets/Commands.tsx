import { Button, Group } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Stimulus, type Ticket, tickets } from '../../api/tickets';
import { Dialog } from '../../ui/Dialog';
import { Fault } from '../../ui/Fault';
import { asks, Question } from './Question';

/** The buttons that move a ticket to another state. Some ask for more first. */
export function Commands({ id, ticket }: { id: string; ticket: Ticket }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Stimulus>();
  const stimuli = useQuery({
    queryKey: ['ticket', id, 'stimuli', ticket.version],
    queryFn: () => tickets.stimuli(id),
  });
  const apply = useMutation({
    mutationFn: ({ stimulus, fields }: { stimulus: string; fields: Record<string, unknown> }) =>
      tickets.apply(id, stimulus, { version: ticket.version, ...fields }),
    onSuccess: async () => {
      setAsked(undefined);
      await Promise.all([
        client.invalidateQueries({ queryKey: ['ticket', id] }),
        client.invalidateQueries({ queryKey: ['tickets'] }),
      ]);
    },
  });
  const press = (item: Stimulus) => {
    apply.reset();
    if (asks(item.stimulus)) {
      setAsked(item);
    } else {
      apply.mutate({ stimulus: item.stimulus, fields: {} });
    }
  };
  return (
    <>
      <Group gap="xs" mb="md">
        {(stimuli.data?.items ?? []).map(item => (
          <Button
            key={item.stimulus}
            size="xs"
            variant="default"
            disabled={apply.isPending}
            onClick={() => press(item)}
          >
            {item.label}
          </Button>
        ))}
      </Group>
      <Fault error={stimuli.error ?? (asked ? undefined : apply.error)} />
      <Dialog
        opened={asked !== undefined}
        title={`${asked?.label ?? ''} ${ticket.ref}`}
        onClose={() => setAsked(undefined)}
      >
        {asked ? (
          <Question
            stimulus={asked}
            ticket={ticket}
            error={apply.error}
            busy={apply.isPending}
            onAnswer={fields => apply.mutate({ stimulus: asked.stimulus, fields })}
          />
        ) : null}
      </Dialog>
    </>
  );
}

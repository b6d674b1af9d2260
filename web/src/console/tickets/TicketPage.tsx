import { Anchor, Group, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { type Ticket, tickets } from '../../api/tickets';
import { openable } from '../../card/canvas';
import { Fault } from '../../ui/Fault';
import { Html } from '../../ui/Html';
import { When } from '../../ui/time';
import { useTitle } from '../../ui/title';
import { Attachments } from './Attachments';
import { Commands } from './Commands';
import { Logs } from './Logs';
import classes from './Ticket.module.css';
import { impacts, levels, StatusBadge } from './words';

/** One ticket: what it is, what was said, and what can be done. */
export function TicketPage() {
  const { id = '' } = useParams();
  const query = useQuery({ queryKey: ['ticket', id], queryFn: () => tickets.show(id) });
  useTitle(query.data?.ref ?? 'Ticket');
  return (
    <>
      <Anchor component={Link} to="/tickets" size="sm">
        All tickets
      </Anchor>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && !query.error ? <Skeleton height={240} aria-label="Loading" /> : null}
      {query.data ? <Whole id={id} ticket={query.data} /> : null}
    </>
  );
}

function Whole({ id, ticket }: { id: string; ticket: Ticket }) {
  return (
    <article aria-labelledby="title">
      <Group gap="sm" mt={4}>
        <Text c="dimmed">{ticket.ref}</Text>
        <StatusBadge status={ticket.status} />
      </Group>
      <Title order={1} size="h2" id="title" mb="sm">
        {ticket.title}
      </Title>
      <Commands id={id} ticket={ticket} />
      <div className={classes.columns}>
        <div>
          <section className={classes.box} aria-label="Description">
            {ticket.description ? <Html html={ticket.description} /> : <Text c="dimmed">No description.</Text>}
          </section>
          {ticket.solution ? (
            <section className={classes.box}>
              <Title order={2} size="h5">
                Solution
              </Title>
              <Text className={classes.lines}>{ticket.solution}</Text>
            </section>
          ) : null}
          <Logs id={id} />
        </div>
        <aside aria-label="Attributes">
          <Attributes ticket={ticket} />
          <Attachments id={id} />
        </aside>
      </div>
    </article>
  );
}

function Attributes({ ticket }: { ticket: Ticket }) {
  const conversation = openable(ticket.intercom_url);
  const rows: [string, string | undefined][] = [
    ['Class', ticket.class],
    ['Priority', levels[ticket.priority]],
    ['Urgency', levels[ticket.urgency]],
    ['Impact', impacts[ticket.impact]],
    ['Caller', ticket.caller_name],
    ['Organisation', ticket.org_name],
    ['Agent', ticket.agent_name],
    ['Team', ticket.team_name],
    ['Service', ticket.service_name],
    ['Sub-service', ticket.servicesubcategory_name],
    ['Origin', ticket.origin],
    ['Waits for', ticket.pending_reason],
  ];
  return (
    <section className={classes.box}>
      <dl className={classes.attributes}>
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        <div>
          <dt>Started</dt>
          <dd>
            <When at={ticket.start_date} />
          </dd>
        </div>
        <div>
          <dt>Updated</dt>
          <dd>
            <When at={ticket.last_update} />
          </dd>
        </div>
        {ticket.intercom_ref ? (
          <div>
            <dt>Intercom</dt>
            <dd>
              {conversation ? (
                <Anchor href={conversation} target="_blank" rel="noopener noreferrer">
                  Conversation {ticket.intercom_ref}
                </Anchor>
              ) : (
                `Conversation ${ticket.intercom_ref}`
              )}
              <Text size="xs" c="dimmed">
                {ticket.intercom_sync_activated ? 'In step' : 'Paused'}
              </Text>
            </dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}

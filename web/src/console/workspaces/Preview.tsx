import { Skeleton, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type CardName, cardNames, workspaces } from '../../api/console';
import { Card } from '../../card/Card';
import { Fault } from '../../ui/Fault';

const labels: Record<CardName, string> = {
  home: 'Home',
  linked: 'Linked tickets',
  ongoing: 'Ongoing tickets',
  search: 'Search',
  view: 'Ticket',
  create: 'Create form',
};

/** Draws the workspace's cards as agents will see them, with the rules they break. */
export function Preview({ slug }: { slug: string }) {
  const [card, setCard] = useState<CardName>('home');
  const [email, setEmail] = useState('');
  const [asked] = useDebouncedValue(email.trim(), 400);
  const query = useQuery({
    queryKey: ['preview', slug, card, asked],
    queryFn: () => workspaces.preview(slug, card, asked),
    staleTime: 0,
  });
  return (
    <Tabs value={card} onChange={value => setCard(value as CardName)} variant="pills" keepMounted={false}>
      <Tabs.List aria-label="Cards" mb="md">
        {cardNames.map(name => (
          <Tabs.Tab key={name} value={name}>
            {labels[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {cardNames.map(name => (
        <Tabs.Panel key={name} value={name}>
          <Stack gap="md">
            <TextInput
              label="Contact"
              description="E-mail of the contact to draw it for; empty for a sample"
              type="email"
              maw={360}
              value={email}
              onChange={e => setEmail(e.target.value)}
            />
            <Text size="sm" c="dimmed">
              Drawn from the saved set-up, as in Intercom's inbox. Buttons do nothing here.
            </Text>
            <Fault error={query.error} onRetry={() => void query.refetch()} />
            {query.isPending && !query.error ? <Skeleton height={240} width={360} aria-label="Loading" /> : null}
            {query.data ? <Card canvas={query.data.canvas} preview={card === 'home' ? 'first' : 'later'} /> : null}
          </Stack>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

import { Alert, Stack, Text, Title } from '@mantine/core';
import type { Tally, Workspace } from '../../api/console';
import { Copy } from '../../ui/Copy';
import { When } from '../../ui/time';
import classes from './Workspace.module.css';

const endpoints: Record<string, { label: string; hint: string }> = {
  initialize: { label: 'Initialize flow', hint: 'Developer Hub, Configure, Canvas Kit, for teammates' },
  submit: { label: 'Submit flow', hint: 'Developer Hub, Configure, Canvas Kit, for teammates' },
  itop: { label: 'iTop webhook', hint: 'Only where iTop tells of changes itself' },
  webhooks: { label: 'Webhooks', hint: 'Developer Hub, Configure, Webhooks' },
};

const tallies: [keyof Tally, string][] = [
  ['links', 'Linked tickets'],
  ['done', 'Copied'],
  ['pending', 'On their way'],
  ['failed', 'Failed'],
  ['skipped', 'Left out'],
];

/** What to paste into Intercom, and how much is linked. */
export function Overview({ workspace }: { workspace: Workspace }) {
  return (
    <Stack gap="lg">
      {workspace.problem ? (
        <Alert color="red" title="The workspace cannot be used">
          {workspace.problem}
        </Alert>
      ) : null}
      <section>
        <Title order={2} size="h4" mb={4}>
          Addresses for Intercom
        </Title>
        <Text size="sm" c="dimmed" mb="sm">
          Paste these into your app in Intercom's Developer Hub.
        </Text>
        <dl className={classes.endpoints}>
          {Object.entries(workspace.endpoints ?? {}).map(([name, address]) => (
            <div key={name}>
              <dt>
                {endpoints[name]?.label ?? name}
                <Text size="xs" c="dimmed">
                  {endpoints[name]?.hint}
                </Text>
              </dt>
              <dd>
                <code>{address}</code>
                <Copy value={address} what={`the address of ${endpoints[name]?.label ?? name}`} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <Title order={2} size="h4" mb="sm">
          Counts
        </Title>
        <dl className={classes.counts}>
          {tallies.map(([name, label]) => (
            <div key={name}>
              <dt>{label}</dt>
              <dd>{workspace.counts[name]}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Text size="sm" c="dimmed">
        Changed <When at={workspace.updated_at} />
      </Text>
    </Stack>
  );
}

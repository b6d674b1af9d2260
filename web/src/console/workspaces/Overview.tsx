import { Stack, Text, Title } from '@mantine/core';
import type { Workspace } from '../../api/console';
import { Copy } from '../../ui/Copy';
import { When } from '../../ui/time';
import classes from './Workspace.module.css';

const endpoints: Record<string, { label: string; hint: string }> = {
  initialize: { label: 'Initialize flow', hint: 'Developer Hub, Configure, Canvas Kit, for teammates' },
  submit: { label: 'Submit flow', hint: 'Developer Hub, Configure, Canvas Kit, for teammates' },
  webhooks: { label: 'Webhooks', hint: 'Developer Hub, Configure, Webhooks' },
};

/** What to paste into Intercom, and how much is linked. */
export function Overview({ workspace }: { workspace: Workspace }) {
  return (
    <Stack gap="lg">
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
          {Object.entries(workspace.counts ?? {}).map(([name, count]) => (
            <div key={name}>
              <dt>{name.replaceAll('_', ' ')}</dt>
              <dd>{count}</dd>
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

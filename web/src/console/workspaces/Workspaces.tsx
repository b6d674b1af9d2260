import { Anchor, Badge, Button, Skeleton, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type WorkspaceLine, workspaces } from '../../api/console';
import { Fault } from '../../ui/Fault';
import { Head } from '../../ui/Head';
import { Grid } from '../../ui/Listing';
import { When } from '../../ui/time';

/** The list of workspaces. */
export function Workspaces() {
  const query = useQuery({ queryKey: ['workspaces'], queryFn: workspaces.list });
  const items = query.data?.items ?? [];
  return (
    <>
      <Head title="Workspaces">
        <Button component={Link} to="/new-workspace" size="sm">
          New workspace
        </Button>
      </Head>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && !query.error ? <Skeleton height={120} aria-label="Loading" /> : null}
      {query.isSuccess && items.length === 0 ? (
        <Text c="dimmed">
          There is no workspace yet. Make one here, or with <code>deskbridge workspace apply FILE</code>.
        </Text>
      ) : null}
      {items.length > 0 ? (
        <Grid label="Workspaces" columns={['Workspace', 'Channel', 'Desk', 'Links', 'State', 'Changed']}>
          {items.map(item => (
            <Line key={item.slug} item={item} />
          ))}
        </Grid>
      ) : null}
    </>
  );
}

function Line({ item }: { item: WorkspaceLine }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/workspaces/${encodeURIComponent(item.slug)}`} fw={600}>
          {item.name || item.slug}
        </Anchor>
        <Text size="sm" c="dimmed">
          {item.slug}
        </Text>
      </Table.Td>
      <Table.Td>
        {item.channel}
        <Text size="sm" c="dimmed">
          {item.app_ids?.join(', ')}
        </Text>
      </Table.Td>
      <Table.Td>{item.desk}</Table.Td>
      <Table.Td>{item.counts.links}</Table.Td>
      <Table.Td>
        <State item={item} />
      </Table.Td>
      <Table.Td>
        <When at={item.updated_at} />
      </Table.Td>
    </Table.Tr>
  );
}

function State({ item }: { item: WorkspaceLine }) {
  const to = `/ledger?workspace=${encodeURIComponent(item.slug)}`;
  if (item.problem) {
    return (
      <>
        <Badge color="red" variant="light">
          Cannot be used
        </Badge>
        <Text size="sm">{item.problem}</Text>
      </>
    );
  }
  if (item.counts.failed > 0) {
    return (
      <Anchor component={Link} to={`${to}&status=failed`}>
        <Badge color="red" variant="light" component="span">
          {item.counts.failed} failed
        </Badge>
      </Anchor>
    );
  }
  return item.counts.pending > 0 ? (
    <Anchor component={Link} to={`${to}&status=pending`}>
      <Badge color="blue" variant="light" component="span">
        {item.counts.pending} pending
      </Badge>
    </Anchor>
  ) : (
    <Badge color="teal" variant="light">
      In step
    </Badge>
  );
}

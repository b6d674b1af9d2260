import { Anchor, Skeleton, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { type Workspace, workspaces } from '../../api/console';
import { Fault } from '../../ui/Fault';
import { Head } from '../../ui/Head';
import { ConnectionTest } from './ConnectionTest';
import { Editor } from './Editor';
import { Overview } from './Overview';
import { Preview } from './Preview';

const tabs = ['overview', 'set-up', 'test', 'preview'] as const;
type Tab = (typeof tabs)[number];

/** One workspace, in tabs that have their own addresses. */
export function WorkspacePage() {
  const { slug = '', tab } = useParams();
  const query = useQuery({ queryKey: ['workspace', slug], queryFn: () => workspaces.show(slug) });
  const current = tabs.find(t => t === tab) ?? 'overview';
  return (
    <>
      <Anchor component={Link} to="/workspaces" size="sm">
        All workspaces
      </Anchor>
      <Head title={query.data?.name || slug}>
        {query.data ? (
          <Anchor component={Link} to={`/ledger?workspace=${encodeURIComponent(slug)}`}>
            Ledger
          </Anchor>
        ) : null}
      </Head>
      <Fault error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && !query.error ? <Skeleton height={200} aria-label="Loading" /> : null}
      {query.data ? <Rooms workspace={query.data} tab={current} /> : null}
    </>
  );
}

function Rooms({ workspace, tab }: { workspace: Workspace; tab: Tab }) {
  const navigate = useNavigate();
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={next => navigate(`/workspaces/${encodeURIComponent(workspace.slug)}/${next}`)}
    >
      <Tabs.List mb="md">
        <Tabs.Tab value="overview">Overview</Tabs.Tab>
        <Tabs.Tab value="set-up">Set-up</Tabs.Tab>
        <Tabs.Tab value="test">Test connection</Tabs.Tab>
        <Tabs.Tab value="preview">Card preview</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Overview workspace={workspace} />
      </Tabs.Panel>
      <Tabs.Panel value="set-up">
        <Editor key={workspace.slug} yaml={workspace.yaml} />
      </Tabs.Panel>
      <Tabs.Panel value="test">
        <ConnectionTest slug={workspace.slug} />
      </Tabs.Panel>
      <Tabs.Panel value="preview">
        <Preview slug={workspace.slug} />
      </Tabs.Panel>
    </Tabs>
  );
}

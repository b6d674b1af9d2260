import { Anchor, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { Head } from '../../ui/Head';
import { Editor } from './Editor';

const draft = `workspace: support          # its name in addresses; it cannot be changed later
name: Support
channel: {kind: intercom, region: us}   # us, eu or au
desk: {kind: builtin}
combodo-intercom-integration:
  workspaces:
    PUT_YOUR_WORKSPACE_ID_HERE: {scope: SELECT Organization}
  sync_app.client_secret: ""
  sync_app.access_token: ""
`;

/** A first draft of a workspace, to be filled in and saved. */
export function NewWorkspace() {
  const navigate = useNavigate();
  return (
    <>
      <Anchor component={Link} to="/workspaces" size="sm">
        All workspaces
      </Anchor>
      <Head title="New workspace" />
      <Text size="sm" c="dimmed" mb="md">
        Enter the id of your Intercom workspace, and the client secret and access token of your Intercom app.
      </Text>
      <Editor yaml={draft} draft onSaved={slug => navigate(`/workspaces/${encodeURIComponent(slug)}`)} />
    </>
  );
}

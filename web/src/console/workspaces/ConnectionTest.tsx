import { Badge, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type Finding, workspaces } from '../../api/console';
import { Fault } from '../../ui/Fault';
import classes from './Workspace.module.css';

/** Tries the connections of a workspace and lists what was found. It changes nothing. */
export function ConnectionTest({ slug }: { slug: string }) {
  const test = useMutation({ mutationFn: () => workspaces.test(slug) });
  const findings = test.data?.findings ?? [];
  return (
    <Stack gap="md" align="flex-start">
      <Text size="sm" c="dimmed">
        Tries the channel and the desk with the saved set-up. Nothing is changed.
      </Text>
      <Button loading={test.isPending} onClick={() => test.mutate()}>
        Test connection
      </Button>
      <Fault error={test.error} />
      {test.isSuccess ? (
        <div role="status">
          <Text fw={600} mb="xs">
            {summary(findings)}
          </Text>
          <ul className={classes.findings}>
            {findings.map(finding => (
              <li key={finding.subject + finding.text}>
                <Verdict finding={finding} />
                <div>
                  <Text fw={600} size="sm">
                    {finding.subject}
                  </Text>
                  <Text size="sm">{finding.text}</Text>
                </div>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </Stack>
  );
}

function summary(findings: Finding[]): string {
  if (findings.some(f => !f.ok && f.fatal)) {
    return 'The workspace cannot work yet.';
  }
  return findings.some(f => !f.ok) ? 'The workspace works, with limits.' : 'Everything works.';
}

function Verdict({ finding }: { finding: Finding }) {
  const [color, label] = finding.ok ? ['teal', 'OK'] : finding.fatal ? ['red', 'Fails'] : ['orange', 'Limited'];
  return (
    <Badge color={color} variant="light">
      {label}
    </Badge>
  );
}

import { Alert, Button, Group, List } from '@mantine/core';
import { problemOf } from '../api/http';

interface FaultProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** Names of fields that show their own mistakes. */
  except?: string[];
}

/** Says what went wrong and what can be done. Draws nothing without an error. */
export function Fault({ error, onRetry, except = [] }: FaultProps) {
  if (!error) {
    return null;
  }
  const problem = problemOf(error);
  const others = problem.errors.filter(e => !except.includes(e.location?.split('.').at(-1) ?? ''));
  return (
    <Alert color="red" role="alert" title={problem.title} variant="light">
      {problem.detail}
      {others.length > 0 ? (
        <List size="sm" mt={4}>
          {others.map(e => (
            <List.Item key={(e.location ?? '') + e.message}>
              {e.location ? <code>{e.location}</code> : null} {e.message}
            </List.Item>
          ))}
        </List>
      ) : null}
      {onRetry ? (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        </Group>
      ) : null}
    </Alert>
  );
}

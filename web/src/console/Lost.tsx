import { Anchor, Stack, Text, Title } from '@mantine/core';
import { isRouteErrorResponse, Link, useRouteError } from 'react-router';

/** Says that a room does not exist, or that it could not be opened. */
export function Lost() {
  const error = useRouteError();
  const broken = error !== undefined && error !== null && !isRouteErrorResponse(error);
  return (
    <Stack p="md" gap="xs" align="flex-start">
      <Title order={1} size="h2">
        {broken ? 'This page could not be opened' : 'There is no such page'}
      </Title>
      <Text>
        {broken
          ? 'Reload it. If that does not help, Deskbridge may have been updated: sign in again.'
          : 'Check the address.'}
      </Text>
      {broken ? (
        <Anchor href="/app">Reload the console</Anchor>
      ) : (
        <Anchor component={Link} to="/">
          Back to the console
        </Anchor>
      )}
    </Stack>
  );
}

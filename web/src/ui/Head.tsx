import { Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTitle } from './title';

/** The heading of a room, with what can be done in it. */
export function Head({ title, children }: { title: string; children?: ReactNode }) {
  useTitle(title);
  return (
    <Group justify="space-between" mb="md">
      <Title order={1} size="h2">
        {title}
      </Title>
      {children ? <Group gap="xs">{children}</Group> : null}
    </Group>
  );
}

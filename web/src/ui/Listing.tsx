import { Button, Skeleton, Table, Text } from '@mantine/core';
import { type InfiniteData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Listing } from '../api/console';
import { Fault } from './Fault';
import classes from './Listing.module.css';

/** The pages of a list that goes on by cursor. */
export function usePages<T>(
  queryKey: QueryKey,
  load: (cursor: string | undefined) => Promise<Listing<T>>,
  enabled = true,
) {
  return useInfiniteQuery<Listing<T>, Error, InfiniteData<Listing<T>>, QueryKey, string | undefined>({
    queryKey,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: undefined,
    getNextPageParam: last => last.next || undefined,
    enabled,
  });
}

interface PagesProps<T> {
  pages: ReturnType<typeof usePages<T>>;
  /** What the table lists, for people who cannot see it. */
  label: string;
  columns: string[];
  /** Said when there is nothing. */
  empty: string;
  row: (item: T) => ReactNode;
}

/** A table of what is loaded so far, with a button for more. */
export function Pages<T>({ pages, label, columns, empty, row }: PagesProps<T>) {
  const items = pages.data?.pages.flatMap(page => page.items ?? []) ?? [];
  const total = pages.data?.pages[0]?.total;
  return (
    <>
      <Fault error={pages.error} onRetry={() => void pages.refetch()} />
      {pages.isPending && !pages.error ? <Skeleton height={160} aria-label="Loading" /> : null}
      {pages.isSuccess && items.length === 0 ? (
        <Text c="dimmed" py="md">
          {empty}
        </Text>
      ) : null}
      {items.length > 0 ? (
        <Grid label={label} columns={columns}>
          {items.map(row)}
        </Grid>
      ) : null}
      {items.length > 0 && total !== undefined ? (
        <Text size="sm" c="dimmed" mt="xs" role="status">
          {items.length} of {total}
        </Text>
      ) : null}
      {pages.hasNextPage ? (
        <Button mt="sm" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </>
  );
}

/** A table that scrolls sideways where the window is narrow. */
export function Grid({ label, columns, children }: { label: string; columns: string[]; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={classes.grid} tabIndex={0} aria-label={label}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {columns.map(name => (name ? <Table.Th key={name}>{name}</Table.Th> : <Table.Td key="" />))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </section>
  );
}

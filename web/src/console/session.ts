import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type Principal, session } from '../api/console';
import { Problem } from '../api/http';

export const sessionKey = ['session'];

/** Who is signed in; null when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    staleTime: 60_000,
    queryFn: async (): Promise<Principal | null> => {
      try {
        return await session.show();
      } catch (error) {
        if (error instanceof Problem && error.status === 401) {
          return null;
        }
        throw error;
      }
    },
  });
}

/** Ends the session and forgets all that was loaded in it. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await session.signOut();
    client.setQueryData(sessionKey, null);
    client.removeQueries({ predicate: query => query.queryKey[0] !== sessionKey[0] });
  };
}

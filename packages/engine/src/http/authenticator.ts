/** What a request is signed with. */
export interface Credentials {
  headers: Record<string, string>;
  query: Record<string, string>;
}

export interface Authenticator {
  credentials(): Promise<Credentials>;
  /** Says that credentials were answered with 401; whether there may be better ones now. */
  refused(credentials: Credentials): boolean;
  /** The query parameter that holds a secret, if there is one. */
  secretParameter: string | undefined;
}

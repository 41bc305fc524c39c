/** Headers and query parameters that authenticate a request. */
export interface Credentials {
  headers: Record<string, string>;
  query: Record<string, string>;
}

export interface Authenticator {
  credentials(): Promise<Credentials>;
  /** Reports that credentials got a 401. Returns true if a retry may get other ones. */
  refused(credentials: Credentials): boolean;
  /** Query parameter that holds a secret, if there is one. */
  secretParameter: string | undefined;
}

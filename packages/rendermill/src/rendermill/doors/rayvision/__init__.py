"""The Rayvision door: the HTTP API that scripts written for the Rayvision SDK speak."""

namespace Chat.Contracts;

public sealed record Credentials(string Username, string Password);

/// <summary>The signed-in user.</summary>
public sealed record Me(string Username, string DisplayName);

public sealed record ChangePasswordRequest(string Current, string New);

/// <summary>The body of <c>DELETE /api/auth/me</c>.</summary>
public sealed record DeleteAccountRequest(string Password);

public sealed record UpdateMeRequest(string DisplayName);

/// <summary>A signed-in device.</summary>
public sealed record SessionInfo(string Id, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, string? Device, bool Current);

/// <summary>Somebody to mention or write to.</summary>
public sealed record UserInfo(string Username, string DisplayName, bool Online);

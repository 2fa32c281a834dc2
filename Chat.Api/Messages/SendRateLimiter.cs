using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>How fast one user may send through this pod.</summary>
public sealed class SendRateLimiter() : UserRateLimiter(Limits.SendBurst, TimeSpan.FromSeconds(1) / Limits.SendsPerSecond);

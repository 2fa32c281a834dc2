using Microsoft.Extensions.Options;

namespace Chat.Api.Messages;

/// <summary>How fast one user may send and change messages through this pod.</summary>
public sealed class SendRateLimiter(IOptions<RateLimitOptions> options) : UserRateLimiter(options.Value.Sends);

namespace Chat.Web.Client.Connection;

/// <summary>The server refused, with a stable code (<see cref="Contracts.ErrorCodes"/>); status 0 when it could not be reached.</summary>
public sealed class ApiException(string code, int status, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception($"{code} ({status})", inner)
{
    /// <summary>The code where no server answered: no network, a proxy's own page, a timeout.</summary>
    public const string Unreachable = "unreachable";

    public string Code => code;

    public int Status => status;

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

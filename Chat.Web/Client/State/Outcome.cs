namespace Chat.Web.Client.State;

/// <summary>What became of something the user asked for: done, or refused with a code that the pages have a text for.</summary>
public readonly record struct Outcome(string? Code = null, TimeSpan? RetryAfter = null)
{
    public bool Ok => Code is null;
}

/// <inheritdoc cref="Outcome"/>
public readonly record struct Outcome<T>(T? Value, string? Code = null, TimeSpan? RetryAfter = null)
{
    public bool Ok => Code is null;
}

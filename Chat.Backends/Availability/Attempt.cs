using System.Runtime.ExceptionServices;

namespace Chat.Backends.Availability;

/// <summary>How a call through a <see cref="Circuit"/> ended: with its result, with an error and its verdict, or not made at all.</summary>
internal readonly record struct Attempt<T>
{
    public Attempt(T result) => Result = result;

    public Attempt(Verdict failure, Exception? error) => (Failure, Error) = (failure, error);

    /// <summary>The circuit is open.</summary>
    public static Attempt<T> Rejected { get; } = new(Verdict.Unavailable, null);

    public T? Result { get; }

    /// <summary>Null: it succeeded.</summary>
    public Verdict? Failure { get; }

    /// <summary>Null where the call was not made.</summary>
    public Exception? Error { get; }

    /// <summary>Throws what concerns this call alone, as the driver threw it. The rest is for the caller to express.</summary>
    public void ThrowIfOwnFault()
    {
        if (Failure is Verdict.WrongData or Verdict.Bug)
        {
            ExceptionDispatchInfo.Throw(Error!);
        }
    }
}
